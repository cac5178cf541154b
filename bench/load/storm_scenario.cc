// midge-load storm: many clients connect and log in at once beside a 1→1 flow, which is measured
// before, beside processes that compute without claim to the CPUs (strangers.h), and from the
// clients' first SYN until the last of them is in, or for --limit seconds.
//   --clients 5000 --login USER:PASSWORD (theirs) --rate 50000 (of the flow) --payload 16
//   --warmup 0.5 --seconds 3 (before; as long beside strangers) --strangers 2 --limit 30
// `p99_rise` is the p99 of the flow during the storm over the one before. `late` is by how much the
// generator itself was run later than it wanted, which is in the latencies.
#include <algorithm>
#include <string>

#include "flow.h"
#include "scenario.h"
#include "storm.h"
#include "strangers.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.flow";
constexpr std::size_t kWindowBytes = 2 << 20;
constexpr double kStep = 0.05;  // how often it is looked at whether the storm is over

void forget(Flow& flow) {
  flow.latency().clear();
  flow.lateness().clear();
}

void tell(Report& report, const std::string& stretch, Flow& flow) {
  Report both = flow.latency().report();
  both.add("late", flow.lateness().report());
  report.add(stretch, both);
}

}  // namespace

void run_storm(Options& options) {
  const Target target(options);
  const Login login = Login::parse(options.text("login", ""));
  const std::int64_t clients = options.number("clients", 5000);
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const double rate = options.real("rate", 50'000);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 3);
  const auto strangers = static_cast<int>(options.number("strangers", 2));
  const double limit = options.real("limit", 30);
  options.finish();

  Engine engine(target.pid);
  const Batch batch = Batch::repeat(kSubject, payload, false);
  Flow flow(engine,
            {.delivery = Delivery::kEveryone,
             .window_frames = kWindowBytes / batch.frame_bytes(),
             .payload = payload,
             .message_bytes = message_frame_bytes(kSubject.size(), 1, 0, payload)},
            batch);
  Dialer dialer = target.dialer();
  flow.add_publisher(dialer.dial(Role::kPublisher));
  Socket subscriber = dialer.dial(Role::kSubscriber);
  subscriber.send_all("SUB " + std::string(kSubject) + " 7\r\n");
  subscriber.barrier();
  flow.add_subscriber(std::move(subscriber));

  Report report;
  flow.start_paced(rate);
  engine.run_for(warmup);
  forget(flow);
  const Stretch before = engine.run_for(seconds);
  const double p99_before = flow.latency().percentile(0.99);
  tell(report, "before", flow);

  if (strangers > 0) {
    const Strangers beside(strangers, target.pid);
    engine.run_for(warmup);
    forget(flow);
    engine.run_for(seconds);
    tell(report, "strangers", flow);
  }

  forget(flow);
  const Storm storm(target.port, login, clients);
  Stretch during;
  while (!storm.is_over() && during.seconds < limit) during += engine.run_for(kStep);
  const auto in = static_cast<double>(storm.in());
  const double p99 = flow.latency().percentile(0.99);
  const double idle_cores = before.server_cpu_ns / 1e9 / before.seconds;
  tell(report, "during", flow);
  report.add("p99_rise", p99 / p99_before);
  report.add("logins", in);
  report.add("logins_rate", in / during.seconds);
  report.add("login_cpu_us",
             (during.server_cpu_ns - idle_cores * during.seconds * 1e9) / std::max(in, 1.0) / 1000);
  report.add("server_cores", during.server_cpu_ns / 1e9 / during.seconds);
  report.add("generator_cores", during.own_cpu_ns / 1e9 / during.seconds);
  report.print();
}

}  // namespace midge::load
