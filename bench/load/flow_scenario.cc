// midge-load flow: P publishers and S subscribers of one subject.
//   --publishers 1 --subscribers 1 --queue NAME --payload 16 --window BYTES (published, under way)
//   --varied 1 (payloads are not all one letter)
//   --rate R (messages a second, of all publishers; 0 = peak) --warmup 0.5 --seconds 2
#include <string>

#include "flow.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.flow";
constexpr std::string_view kSid = "7";

struct FlowOptions {
  explicit FlowOptions(Options& options)
      : publishers(options.number("publishers", 1)),
        subscribers(options.number("subscribers", 1)),
        queue(options.text("queue", "")),
        payload(static_cast<std::size_t>(options.number("payload", 16))),
        window_bytes(static_cast<std::size_t>(options.number("window", 2 << 20))),
        varied(options.number("varied", 0) != 0),
        rate(options.real("rate", 0)),
        warmup(options.real("warmup", 0.5)),
        seconds(options.real("seconds", 2)) {}

  std::int64_t publishers, subscribers;
  std::string queue;
  std::size_t payload, window_bytes;
  bool varied;
  double rate, warmup, seconds;
};

FlowPlan plan_of(const FlowOptions& options, const Batch& batch) {
  FlowPlan plan;
  plan.delivery = options.subscribers == 0 ? Delivery::kNobody
                  : options.queue.empty()  ? Delivery::kEveryone
                                           : Delivery::kOne;
  plan.payload = options.payload;
  plan.window_frames = options.window_bytes / batch.frame_bytes();
  plan.message_bytes = message_frame_bytes(kSubject.size(), kSid.size(), 0, options.payload);
  return plan;
}

void connect(Flow& flow, const FlowOptions& options, Dialer dialer) {
  const std::string sub = "SUB " + std::string(kSubject) + " " + options.queue +
                          (options.queue.empty() ? "" : " ") + std::string(kSid) + "\r\n";
  for (std::int64_t i = 0; i < options.publishers; ++i) {
    flow.add_publisher(dialer.dial(Role::kPublisher));
  }
  for (std::int64_t i = 0; i < options.subscribers; ++i) {
    Socket socket = dialer.dial(Role::kSubscriber);
    socket.send_all(sub);
    socket.barrier();
    flow.add_subscriber(std::move(socket));
  }
}

}  // namespace

void run_flow(Options& options) {
  const Target target(options);
  const FlowOptions wanted(options);
  options.finish();

  Engine engine(target.pid);
  const Batch batch =
      Batch::repeat(kSubject, wanted.payload, wanted.subscribers == 0, wanted.varied);
  Flow flow(engine, plan_of(wanted, batch), batch);
  connect(flow, wanted, target.dialer());
  if (wanted.rate > 0) {
    flow.start_paced(wanted.rate);
  } else {
    flow.start_peak();
  }
  engine.run_for(wanted.warmup);
  flow.latency().clear();
  const double messages = flow.messages();
  const Stretch stretch = engine.run_for(wanted.seconds);
  Report report = stretch.report(flow.messages() - messages);
  if (wanted.rate > 0) report.add("latency", flow.latency().report());
  report.print();
}

}  // namespace midge::load
