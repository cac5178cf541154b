// Asks everybody who listens, and takes what comes until it stops coming. Prints: 3 answers
#include <midge/client.h>

#include <cstdio>
#include <string>
#include <vector>

int main(int count, char** arguments) {
  using namespace std::chrono_literals;
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  std::vector<midge::Subscription> workers;
  for (const char* name : {"one", "two", "three"}) {
    const auto answer = [&client, name](const midge::Message& m) {
      client.respond(m, name).value();
    };
    workers.push_back(client.subscribe("who", answer).value());
  }
  auto answers = client.request_many("who", "", {.count = 3, .stall = 1s}).value();
  std::printf("%zu answers\n", answers.size());
}
