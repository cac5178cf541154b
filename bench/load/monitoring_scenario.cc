// midge-load monitoring: a page of the monitoring port is asked for while a 1→1 flow runs and many
// connections with a few subscriptions each idle.
//   --http-port P --path /connz?subs=1 --count 20000 --subscriptions 3 --times 10 --pause 0.2
//   --rate 50000 (of the flow) --payload 16 --warmup 0.5 --seconds 3 (before)
// `p99_rise` is the p99 of the flow while pages are asked for over the one before. `late` is by how
// much the generator itself was run later than it wanted, which is in the latencies.
#include <string>
#include <vector>

#include "clock.h"
#include "flow.h"
#include "page_asker.h"
#include "report.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.flow";
constexpr std::size_t kWindowBytes = 2 << 20;
constexpr double kStep = 0.05;  // how often it is looked at whether all is answered

std::vector<Socket> idle_connections(Dialer& dialer, std::int64_t count, std::int64_t each) {
  std::vector<Socket> sockets;
  for (std::int64_t i = 0; i < count; ++i) {
    Socket socket = dialer.dial(Role::kSubscriber);
    std::string lines;
    for (std::int64_t s = 1; s <= each; ++s)
      lines += "SUB idle." + std::to_string(i) + "." + std::to_string(s) + " " + std::to_string(s) +
               "\r\n";
    socket.send_all(lines);
    socket.barrier();
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

}  // namespace

void run_monitoring(Options& options) {
  const Target target(options);
  const auto port = static_cast<std::uint16_t>(options.number("http-port", 0));
  const std::string path = options.text("path", "/connz?subs=1");
  const std::int64_t count = options.number("count", 20'000);
  const std::int64_t each = options.number("subscriptions", 3);
  const auto times = static_cast<int>(options.number("times", 10));
  const double pause = options.real("pause", 0.2);
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const double rate = options.real("rate", 50'000);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 3);
  options.finish();

  Dialer dialer = target.dialer();
  const std::vector<Socket> idle = idle_connections(dialer, count, each);
  Engine engine(target.pid);
  const Batch batch = Batch::repeat(kSubject, payload, false);
  Flow flow(engine,
            {.delivery = Delivery::kEveryone,
             .window_frames = kWindowBytes / batch.frame_bytes(),
             .payload = payload,
             .message_bytes = message_frame_bytes(kSubject.size(), 1, 0, payload)},
            batch);
  flow.add_publisher(dialer.dial(Role::kPublisher));
  Socket subscriber = dialer.dial(Role::kSubscriber);
  subscriber.send_all("SUB " + std::string(kSubject) + " 7\r\n");
  subscriber.barrier();
  flow.add_subscriber(std::move(subscriber));

  flow.start_paced(rate);
  engine.run_for(warmup);
  const auto clear = [&flow] {
    flow.latency().clear();
    flow.lateness().clear();
  };
  const auto latency = [&flow] {
    Report both = flow.latency().report();
    both.add("late", flow.lateness().report());
    return both;
  };
  clear();
  engine.run_for(seconds);
  const double before = flow.latency().percentile(0.99);
  Report report;
  report.add("before", latency());

  clear();
  const PageAsker asker(port, path, times, static_cast<std::int64_t>(pause * kSecond));
  while (!asker.is_over()) engine.run_for(kStep);
  report.add("during", latency());
  report.add("p99_rise", flow.latency().percentile(0.99) / before);
  report.add("answer_ms", asker.median_ms());
  report.add("answer_max_ms", asker.longest_ms());
  report.add("answer_bytes", asker.answer_bytes());
  report.add("connections", static_cast<double>(count));
  report.print();
}

}  // namespace midge::load
