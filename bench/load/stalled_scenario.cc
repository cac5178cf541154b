// midge-load stalled: what the subscribers of a fan-out lose when one of them does not read. Slices
// with all reading and slices with one stalled take turns on the same connections; after a stalled
// slice its backlog is read before the next begins. The stall is shorter than the servers' write
// deadline, so that nobody is closed.
//   --subscribers 1000 --payload 1024 --window 262144 (bytes published, under way)
//   --rounds 3 --slice 2 (seconds with all reading) --stall 4 (seconds with one stalled)
#include <string>

#include "fail.h"
#include "flow.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.flow";
constexpr double kSettle = 0.5;
constexpr double kCatchUpSeconds = 20;

struct Measured {
  Stretch stretch;
  double messages = 0;

  [[nodiscard]] double rate() const { return messages / stretch.seconds; }
};

void measure(Engine& engine, const Flow& flow, double seconds, Measured& into) {
  const double messages = flow.messages();
  into.stretch += engine.run_for(seconds);
  into.messages += flow.messages() - messages;
}

Socket subscribed(Dialer& dialer, const SocketShape& shape) {
  Socket socket = dialer.dial(Role::kSubscriber, shape);
  socket.send_all("SUB " + std::string(kSubject) + " 7\r\n");
  socket.barrier();
  return socket;
}

}  // namespace

void run_stalled(Options& options) {
  const Target target(options);
  const std::int64_t subscribers = options.number("subscribers", 1000);
  const auto payload = static_cast<std::size_t>(options.number("payload", 1024));
  const auto window_bytes = static_cast<std::size_t>(options.number("window", 256 << 10));
  const std::int64_t rounds = options.number("rounds", 3);
  const double slice = options.real("slice", 2);
  const double stall = options.real("stall", 4);
  options.finish();

  Engine engine(target.pid);
  const Batch batch = Batch::repeat(kSubject, payload, false);
  const FlowPlan plan{.delivery = Delivery::kEveryone,
                      .window_frames = window_bytes / batch.frame_bytes(),
                      .payload = payload,
                      .message_bytes = message_frame_bytes(kSubject.size(), 1, 0, payload)};
  Flow flow(engine, plan, batch);
  Dialer dialer = target.dialer();
  flow.add_publisher(dialer.dial(Role::kPublisher));
  Subscriber& staller = flow.add_subscriber(subscribed(dialer, kSlowReader));
  for (std::int64_t i = 1; i < subscribers; ++i) flow.add_subscriber(subscribed(dialer, {}));

  const auto caught_up = [&] { return flow.completed() + plan.window_frames >= flow.sent(); };
  Measured reading, stalled;
  flow.start_peak();
  for (std::int64_t i = 0; i < rounds; ++i) {
    engine.run_for(kSettle);
    measure(engine, flow, slice, reading);
    staller.stall();
    engine.run_for(kSettle);
    measure(engine, flow, stall, stalled);
    staller.resume();
    if (!engine.run_until(caught_up, kCatchUpSeconds)) fail("the stalled reader never caught up");
  }
  Report report;
  report.add("reading", reading.stretch.report(reading.messages));
  report.add("stalled", stalled.stretch.report(stalled.messages));
  report.add("stalled_loss", 1 - stalled.rate() / reading.rate());
  report.print();
}

}  // namespace midge::load
