// midge-load churn: one connection's SUBs and UNSUBs beside the traffic of a 1→1 flow, all with the
// same connections:
//   churn alone, as fast as it goes                          → CPU of a pair
//   traffic at peak, without and with churn at a rate        → what the traffic loses
//   traffic at a low rate, without and with churn at a rate  → what a pair costs beside traffic,
//   the
//     harm to caches included: the CPU that "with" has more than "without", for each pair
// Without and with take turns in slices of a second, so that a change of the machine's mood during
// the run hits both.
//   --kind inbox|wildcard-first --churn-rate 50000 (pairs a second) --rate 200000 (low rate)
//   --seconds 2 (of churn alone) --slices 4 (of each) --slice 1 (seconds) --payload 16
#include <algorithm>
#include <limits>
#include <string>

#include "churner.h"
#include "fail.h"
#include "flow.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.flow";
constexpr std::size_t kWindowBytes = 2 << 20;
constexpr double kPause = 0.1;  // after a change, before the next slice is measured

struct Measured {
  Stretch stretch;
  double messages = 0;
  double pairs = 0;

  Measured& operator+=(const Measured& other) {
    stretch += other.stretch;
    messages += other.messages;
    pairs += other.pairs;
    return *this;
  }
  [[nodiscard]] double rate() const { return messages / stretch.seconds; }
  [[nodiscard]] double cores() const { return stretch.server_cpu_ns / 1e9 / stretch.seconds; }
};

struct Comparison {
  Measured without, with;
};

struct Scene {
  Engine& engine;
  Flow& flow;
  Churner& churner;

  Measured run(double seconds) {
    engine.run_for(kPause);
    const double messages = flow.messages();
    const std::uint64_t pairs = churner.done();
    const Stretch stretch = engine.run_for(seconds);
    return {stretch, flow.messages() - messages, static_cast<double>(churner.done() - pairs)};
  }

  Comparison compare(double churn_rate, std::int64_t slices, double slice) {
    Comparison comparison;
    for (std::int64_t i = 0; i < slices; ++i) {
      churner.set_rate(0);
      comparison.without += run(slice);
      churner.set_rate(churn_rate);
      comparison.with += run(slice);
    }
    churner.set_rate(0);
    return comparison;
  }
};

ChurnKind kind_of(const std::string& name) {
  if (name == "inbox") return ChurnKind::kInbox;
  if (name == "wildcard-first") return ChurnKind::kWildcardFirst;
  fail("--kind is inbox or wildcard-first");
}

}  // namespace

void run_churn(Options& options) {
  const Target target(options);
  const ChurnKind kind = kind_of(options.text("kind", "inbox"));
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const double churn_rate = options.real("churn-rate", 50'000);
  const double rate = options.real("rate", 200'000);
  const double seconds = options.real("seconds", 2);
  const std::int64_t slices = options.number("slices", 4);
  const double slice = options.real("slice", 1);
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
  Churner churner(engine, dialer.dial(Role::kSubscriber), kind);

  Scene scene{engine, flow, churner};

  churner.set_rate(std::numeric_limits<double>::infinity());
  const Measured alone = scene.run(seconds);
  flow.start_peak();
  const Comparison peak = scene.compare(churn_rate, slices, slice);
  flow.stop();
  flow.start_paced(rate);
  const Comparison paced = scene.compare(churn_rate, slices, slice);

  Report report;
  report.add("churn_alone", alone.stretch.report(alone.pairs));
  report.add("traffic", peak.without.stretch.report(peak.without.messages));
  report.add("traffic_beside_churn", peak.with.stretch.report(peak.with.messages));
  report.add("traffic_loss", 1 - peak.with.rate() / peak.without.rate());
  report.add("pair_cpu_us", (paced.with.cores() - paced.without.cores()) * 1e6 *
                                paced.with.stretch.seconds / std::max(paced.with.pairs, 1.0));
  report.add("pairs", alone.pairs + peak.with.pairs + paced.with.pairs);
  report.print();
}

}  // namespace midge::load
