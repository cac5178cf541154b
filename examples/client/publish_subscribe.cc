// Publishes and subscribes. Prints: hello, joe
#include <midge/client.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  auto sub = client.subscribe("greet.*").value();
  client.publish("greet.joe", "hello, joe").value();
  const midge::Message message = sub.next().value();
  std::puts(std::string(message.data()).c_str());
}
