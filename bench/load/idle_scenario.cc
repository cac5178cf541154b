// midge-load idle: connections that say CONNECT and PING and nothing more; the server's memory for
// each. `--count 20000`; both processes need as many descriptors.
#include <unistd.h>

#include <vector>

#include "process_meter.h"
#include "report.h"
#include "scenario.h"

namespace midge::load {

void run_idle(Options& options) {
  const Target target(options);
  const std::int64_t count = options.number("count", 20'000);
  options.finish();

  const ProcessMeter server(target.pid);
  Dialer dialer = target.dialer();
  std::vector<Socket> sockets;
  sockets.push_back(dialer.dial(Role::kSubscriber));
  ::sleep(1);
  const std::int64_t before = server.rss_bytes();
  while (static_cast<std::int64_t>(sockets.size()) <= count) {
    sockets.push_back(dialer.dial(Role::kSubscriber));
  }
  ::sleep(2);
  const std::int64_t after = server.rss_bytes();
  Report report;
  report.add("connections", static_cast<double>(count));
  report.add("connection_bytes", static_cast<double>(after - before) / static_cast<double>(count));
  report.add("rss_before", static_cast<double>(before));
  report.add("rss_after", static_cast<double>(after));
  report.print();
}

}  // namespace midge::load
