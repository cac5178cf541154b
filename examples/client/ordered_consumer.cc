// Reads a stream in order, and at random. Prints: 1 2 3 4 5 6, then: 3 is three, then: 2 last ones
#include <midge/client.h>
#include <midge/jetstream.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  midge::JetStream js(client);
  auto stream =
      js.create_stream({.name = "NUMBERS", .subjects = {"number.*"}, .allow_direct = true}).value();
  for (const char* word : {"one", "two", "three", "four", "five", "six"})
    js.publish(word[0] == 't' ? "number.t" : "number.other", word).value();

  auto messages = stream.ordered_consumer().messages().value();
  std::string order;
  for (int i = 0; i < 6; ++i)
    order += std::to_string(messages.next().value().metadata().value().stream_sequence) + " ";
  order.pop_back();
  std::puts(order.c_str());

  std::printf("3 is %s\n", std::string(stream.message(3).value().data()).c_str());
  auto last = stream.batch({.multi_last = {"number.>"}}).value();
  std::printf("%zu last ones\n", last.size());
}
