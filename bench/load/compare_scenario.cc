// midge-load compare: two 1→1 flows on one server, in two accounts: a plain one, and one that more
// is asked for, by permissions or by an import. They take turns in slices, so that a change of the
// machine's mood during the run hits both.
//   --publisher, --subscriber (logins of the flow in question), --plain USER:PASSWORD (the other's)
//   --subjects 1 (published to at random; the subscriber has a wildcard) --payload 16
//   --any-size 1: messages arrive with headers of the server's
//   --rounds 6 --seconds 3 (of each flow, over all rounds) --warmup 0.5 --window BYTES
//   --rate R: no comparison; the flow in question alone, at that rate
// The first figures are those of the flow in question; `extra` is what it costs more than the plain
// one, as a share of that: the median of the rounds.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "fail.h"
#include "flow.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kFilter = "plant.>";
constexpr std::string_view kSid = "7";
constexpr std::size_t kPublishes = 1 << 18;
constexpr double kPause = 0.1;  // after a change, before the next slice is measured

std::string subject_of(std::int64_t id) {
  char subject[64];
  std::snprintf(subject, sizeof subject, "plant.%02d.dev.%06d.temp", static_cast<int>(id % 100),
                static_cast<int>(id));
  return subject;
}

Batch publishes(std::int64_t subjects, std::size_t payload) {
  if (subjects == 1) return Batch::repeat(subject_of(0), payload, false);
  std::mt19937 random(20'261'130);  // the same for both servers
  std::vector<std::string> drawn;
  for (std::size_t i = 0; i < kPublishes; ++i)
    drawn.push_back(subject_of(static_cast<std::int64_t>(random()) % subjects));
  return Batch::of(drawn, payload);
}

void connect(Flow& flow, Dialer& dialer) {
  flow.add_publisher(dialer.dial(Role::kPublisher));
  Socket socket = dialer.dial(Role::kSubscriber);
  socket.send_all("SUB " + std::string(kFilter) + " " + std::string(kSid) + "\r\n");
  socket.barrier();
  flow.add_subscriber(std::move(socket));
}

struct Slice {
  Stretch stretch;
  double messages = 0;

  Slice& operator+=(const Slice& other) {
    stretch += other.stretch;
    messages += other.messages;
    return *this;
  }
  [[nodiscard]] double cost() const { return stretch.server_cpu_ns / std::max(messages, 1.0); }
};

Slice run(Engine& engine, Flow& flow, double pause, double seconds) {
  flow.start_peak();
  engine.run_for(pause);
  const double messages = flow.messages();
  const Stretch stretch = engine.run_for(seconds);
  const double passed = flow.messages() - messages;
  flow.stop();
  return {stretch, passed};
}

Report compare(Engine& engine, Flow& flow, Flow& plain, std::int64_t rounds, double slice,
               double warmup) {
  run(engine, plain, 0, warmup);
  run(engine, flow, 0, warmup);
  Slice all, all_plain;
  std::vector<double> extra;
  for (std::int64_t i = 0; i < rounds; ++i) {
    const Slice without = run(engine, plain, kPause, slice);
    const Slice with = run(engine, flow, kPause, slice);
    all_plain += without;
    all += with;
    extra.push_back(with.cost() / without.cost() - 1);
  }
  std::ranges::nth_element(extra, extra.begin() + rounds / 2);
  Report report = all.stretch.report(all.messages);
  report.add("plain", all_plain.stretch.report(all_plain.messages));
  report.add("extra", extra[static_cast<std::size_t>(rounds / 2)]);
  return report;
}

Report pace(Engine& engine, Flow& flow, double rate, double warmup, double seconds) {
  flow.start_paced(rate);
  engine.run_for(warmup);
  flow.latency().clear();
  const double messages = flow.messages();
  const Stretch stretch = engine.run_for(seconds);
  Report report = stretch.report(flow.messages() - messages);
  report.add("latency", flow.latency().report());
  return report;
}

}  // namespace

void run_compare(Options& options) {
  const Target target(options);
  const Login plain_login = Login::parse(options.text("plain", ""));
  const std::int64_t subjects = options.number("subjects", 1);
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const bool any_size = options.number("any-size", 0) != 0;
  const std::int64_t rounds = options.number("rounds", 6);
  const auto window_bytes = static_cast<std::size_t>(options.number("window", 2 << 20));
  const double rate = options.real("rate", 0);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 3);
  options.finish();

  Engine engine(target.pid);
  const Batch batch = publishes(subjects, payload);
  FlowPlan plan{
      .delivery = Delivery::kEveryone,
      .window_frames = window_bytes / batch.frame_bytes(),
      .payload = payload,
      .message_bytes = message_frame_bytes(subject_of(0).size(), kSid.size(), 0, payload)};
  Flow plain(engine, plan, batch);
  if (any_size) plan.message_bytes = FrameReader::kAnySize;
  Flow flow(engine, plan, batch);
  Dialer dialer = target.dialer();
  connect(flow, dialer);
  dialer.log_in_as({plain_login, plain_login});
  connect(plain, dialer);
  const Report report = rate > 0 ? pace(engine, flow, rate, warmup, seconds)
                                 : compare(engine, flow, plain, rounds,
                                           seconds / static_cast<double>(rounds), warmup);
  report.print();
}

}  // namespace midge::load
