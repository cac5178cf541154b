// Two workers share what comes. Prints: 100 of 100
#include <midge/client.h>

#include <atomic>
#include <cstdio>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  std::atomic<int> done = 0;
  const auto work = [&done](const midge::Message&) { ++done; };
  auto one = client.subscribe("jobs", work, {.queue = "workers"}).value();
  auto two = client.subscribe("jobs", work, {.queue = "workers"}).value();
  for (int i = 0; i < 100; ++i) client.publish("jobs", "do it").value();
  one.drain().value();
  two.drain().value();
  std::printf("%d of 100\n", done.load());
}
