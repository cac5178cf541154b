// midge-load js-publish: publishes that streams acknowledge.
//   --streams 1 --window 500 (of each stream's publisher) --payload 128 --storage file
//   --keys 1 (subjects of a stream, in turn) --per-subject 0 --warmup 0.5 --seconds 2
//   --one-window 0 (otherwise one more stream with such a window publishes in alternate slices,
//   alone)
#include <algorithm>
#include <deque>
#include <string>

#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr int kSlices = 4;

// Publishers that work at once, each of a stream of its own.
class Group {
 public:
  Group(Engine& engine, Dialer& dialer, ApiClient& api, StreamPlan plan)
      : engine_(engine), dialer_(dialer), api_(api), plan_(std::move(plan)) {}

  void add(const std::string& name, std::uint64_t window, std::uint64_t keys, std::size_t payload) {
    plan_.name = "BENCH_" + name;
    plan_.subjects = "bench." + name + ".>";
    create_stream(api_, plan_);
    requests_.push_back({.subject = counted("bench." + name + ".", keys),
                         .body = constant(std::string(payload, 'x')),
                         .window = window,
                         .total = 0,
                         .expects = "\"seq\":"});
    publishers_.emplace_back(dialer_.dial(Role::kPublisher), engine_, requests_.back());
    publishers_.back().stop();
  }

  void start() {
    for (WindowRequester& publisher : publishers_) publisher.go_on();
  }
  // And waits for what is under way.
  void stop() {
    for (WindowRequester& publisher : publishers_) publisher.stop();
    const auto quiet = [&] { return std::ranges::all_of(publishers_, &WindowRequester::is_quiet); };
    engine_.measure_until(quiet, kQuietSeconds);
  }
  [[nodiscard]] double answered() const {
    std::uint64_t sum = 0;
    for (const WindowRequester& publisher : publishers_) sum += publisher.answered();
    return static_cast<double>(sum);
  }
  // While it works: what `seconds` of it cost.
  void measure(double seconds) {
    const double before = answered();
    cost_ += engine_.run_for(seconds);
    messages_ += answered() - before;
  }
  void warm_up(double seconds) {
    engine_.run_for(seconds);
    for (WindowRequester& publisher : publishers_) publisher.latency().clear();
  }
  [[nodiscard]] double rate() const { return messages_ / cost_.seconds; }
  [[nodiscard]] Report report() {
    Report report = cost_.report(messages_);
    report.add("latency", publishers_.front().latency().report());
    return report;
  }

 private:
  static constexpr double kQuietSeconds = 30;

  Engine& engine_;
  Dialer& dialer_;
  ApiClient& api_;
  StreamPlan plan_;
  std::deque<Requests> requests_;
  std::deque<WindowRequester> publishers_;
  Stretch cost_;
  double messages_ = 0;
};

}  // namespace

void run_js_publish(Options& options) {
  const Target target(options);
  const std::int64_t streams = options.number("streams", 1);
  const auto window = static_cast<std::uint64_t>(options.number("window", 500));
  const auto payload = static_cast<std::size_t>(options.number("payload", 128));
  const auto keys = static_cast<std::uint64_t>(options.number("keys", 1));
  StreamPlan plan;
  plan.storage = options.text("storage", "file");
  plan.per_subject = options.number("per-subject", 0);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 2);
  const auto one_window = static_cast<std::uint64_t>(options.number("one-window", 0));
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  Group group(engine, dialer, api, plan);
  for (std::int64_t i = 0; i < streams; ++i) group.add(std::to_string(i), window, keys, payload);
  Group one(engine, dialer, api, plan);
  if (one_window > 0) one.add("one", one_window, keys, payload);

  group.start();
  group.warm_up(warmup);
  if (one_window == 0) {
    group.measure(seconds);
    return group.report().print();
  }
  for (int slice = 0; slice < kSlices; ++slice) {
    group.measure(seconds / kSlices);
    group.stop();
    one.start();
    if (slice == 0) one.warm_up(warmup);
    one.measure(seconds / kSlices);
    one.stop();
    group.start();
  }
  Report report = group.report();
  report.add("one", one.report());
  report.add("over_one", group.rate() / one.rate());
  report.print();
}

}  // namespace midge::load
