// midge-load handshakes: connections that come and go, each with its INFO, its TLS handshake if the
// server asks for one, CONNECT and PING. `--clients 16` do so at once, `--seconds 3`.
#include <atomic>
#include <thread>
#include <vector>

#include "clock.h"
#include "process_meter.h"
#include "report.h"
#include "scenario.h"

namespace midge::load {

void run_handshakes(Options& options) {
  const Target target(options);
  const std::int64_t clients = options.number("clients", 16);
  const std::int64_t time = seconds_ns(options.real("seconds", 3));
  options.real("warmup", 0);
  options.finish();

  { const Socket first = Socket::dial(target.port); }
  const ProcessMeter server(target.pid);
  const std::int64_t cpu_before = server.cpu_ns();
  const std::int64_t begin = now_ns();
  std::atomic<std::int64_t> done{0};
  std::vector<std::thread> threads;
  for (std::int64_t i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      while (now_ns() - begin < time) {
        const Socket socket = Socket::dial(target.port);
        done.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto count = static_cast<double>(done.load());
  const auto took = static_cast<double>(now_ns() - begin);
  Report report;
  report.add("handshakes", count);
  report.add("rate", count / took * static_cast<double>(kSecond));
  report.add("handshake_cpu_us", static_cast<double>(server.cpu_ns() - cpu_before) / count / 1e3);
  report.print();
}

}  // namespace midge::load
