// ROLE URL COUNT SIZE: one part in a run; prints what the process took, as JSON.
//   publish     COUNT messages of SIZE bytes to `bench`, then a flush
//   subscribe   COUNT messages of `bench`, from the first on; prints `ready` once it listens
//   serve       answers requests at `bench` until standard input ends; prints `ready`
//   request     COUNT requests, one after the other
//   make        a stream in memory with COUNT messages of SIZE bytes, and a consumer of it
//   store       COUNT messages of SIZE bytes into it, 500 without an acknowledgement
//   fetch       COUNT messages of its consumer, 500 at a time, each acknowledged
//   hold        COUNT subscriptions; tells how many bytes the process grew for each
#include <sys/resource.h>

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "client_role.h"

namespace midge::bench {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Stretch {
  Clock::time_point began = Clock::now();
  double cpu_before = cpu_seconds();

  void print(double count, const std::string& more = "") const {
    const double wall = std::chrono::duration<double>(Clock::now() - began).count();
    std::printf("{\"cpu_us\": %.5f, \"rate\": %.1f%s}\n",
                (cpu_seconds() - cpu_before) * 1e6 / count, count / wall, more.c_str());
  }
};

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

void publish(ClientUnderTest& client, std::size_t count, const std::string& data) {
  const Stretch stretch;
  for (std::size_t i = 0; i < count; ++i) client.publish("bench", data);
  client.flush();
  stretch.print(static_cast<double>(count));
}

void subscribe(ClientUnderTest& client, std::size_t count) {
  std::atomic<std::size_t> seen = 0;
  Stretch stretch;
  client.subscribe("bench", [&] {
    const std::size_t now = seen.fetch_add(1, std::memory_order_relaxed) + 1;
    if (now == 1) stretch = Stretch();
    if (now == count) seen.notify_all();
  });
  client.flush();
  say_ready();
  for (std::size_t now = 0; (now = seen.load()) < count;) seen.wait(now);
  stretch.print(static_cast<double>(count));
}

void request(ClientUnderTest& client, std::size_t count, const std::string& data) {
  std::vector<double> times;
  times.reserve(count);
  const Stretch stretch;
  for (std::size_t i = 0; i < count; ++i) {
    const auto began = Clock::now();
    client.request("bench", data);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(count / 2),
                   times.end());
  stretch.print(static_cast<double>(count), ", \"p50_us\": " + std::to_string(times[count / 2]));
}

void store(ClientUnderTest& client, std::size_t count, const std::string& data) {
  const Stretch stretch;
  for (std::size_t i = 0; i < count; ++i) client.store(kStoredSubject, data);
  client.await_stored();
  stretch.print(static_cast<double>(count));
}

void fetch(ClientUnderTest& client, std::size_t count) {
  client.bind();
  const Stretch stretch;
  for (std::size_t fetched = 0; fetched < count;) fetched += client.fetch();
  client.flush();
  stretch.print(static_cast<double>(count));
}

void hold(ClientUnderTest& client, std::size_t count) {
  client.flush();
  const double before = resident_bytes();
  for (std::size_t i = 0; i < count; ++i) client.subscribe("hold." + std::to_string(i), [] {});
  client.flush();
  std::printf("{\"bytes\": %.1f}\n", (resident_bytes() - before) / static_cast<double>(count));
}

int run(const std::string& role, const std::string& url, std::size_t count, std::size_t size) {
  const auto client = connect(url);
  const std::string data(size, 'x');
  if (role == "publish") {
    publish(*client, count, data);
  } else if (role == "subscribe") {
    subscribe(*client, count);
  } else if (role == "request") {
    request(*client, count, data);
  } else if (role == "make") {
    client->make_stream();
    for (std::size_t i = 0; i < count; ++i) client->store(kStoredSubject, data);
    client->await_stored();
    std::puts("{}");
  } else if (role == "store") {
    store(*client, count, data);
  } else if (role == "fetch") {
    fetch(*client, count);
  } else if (role == "hold") {
    hold(*client, count);
  } else if (role == "serve") {
    client->serve("bench");
    client->flush();
    say_ready();
    while (std::getchar() != EOF) {
    }
  } else {
    fail("no such role: " + role);
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace

void fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(1);
}

}  // namespace midge::bench

int main(int count, char** arguments) {
  if (count != 5) midge::bench::fail("usage: ROLE URL COUNT SIZE");
  return midge::bench::run(arguments[1], arguments[2], std::strtoul(arguments[3], nullptr, 10),
                           std::strtoul(arguments[4], nullptr, 10));
}
