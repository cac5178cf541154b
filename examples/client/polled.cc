// Works for two connections on its own thread. Prints: hello, hello
#include <midge/client.h>

#include <chrono>
#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  const std::string url = count > 1 ? arguments[1] : "nats://127.0.0.1:4222";
  const auto runtime = midge::Runtime::polled();
  auto reader = midge::Client::connect({.servers = {url}, .runtime = runtime}).value();
  auto writer = midge::Client::connect({.servers = {url}, .runtime = runtime}).value();
  int greetings = 0;
  const auto greet = [&](const midge::Message& message) {
    std::puts(std::string(message.data()).c_str());
    ++greetings;
  };
  reader.subscribe("greet", greet).value();
  reader.flush().value();
  for (int i = 0; i < 2; ++i) writer.publish("greet", "hello").value();
  // A program's own loop: what is ready is worked off, and callbacks run here.
  while (greetings < 2) runtime->poll(std::chrono::seconds(1)).value();
}
