// Sends and reads headers. Prints: trace 7 of order 1
#include <midge/client.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  auto sub = client.subscribe("orders").value();
  client.publish("orders", midge::Headers().add("Trace", "7"), "order 1").value();
  const midge::Message message = sub.next().value();
  std::printf("trace %s of %s\n", std::string(message.header("Trace").value_or("?")).c_str(),
              std::string(message.data()).c_str());
}
