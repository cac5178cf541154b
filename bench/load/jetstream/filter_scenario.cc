// midge-load js-filter: how long it takes to create consumers whose filters match a tenth of a
// stream's subjects (100,000 at most), and how long core traffic is held up meanwhile. Every answer
// must tell the exact number of pending messages.
//   --count 20000000 (messages) --payload 16 --consumers 8
#include <algorithm>
#include <string>

#include "fail.h"
#include "jetstream/pinger.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::uint64_t kGroups = 10, kMostSubjects = 1'000'000;
constexpr double kMostSeconds = 600, kQuietSeconds = 3;

// `bench.<group>.<number>`, in the order in which devices would report: group after group.
Piece in_groups(std::uint64_t subjects) {
  const Piece inner = counted("", subjects / kGroups);
  return [=](std::uint64_t number, std::string& text) {
    text.append("bench.").append(1, static_cast<char>('0' + number % kGroups)).append(".");
    inner(number / kGroups, text);
  };
}

Piece create_with_filter() {
  return [](std::uint64_t number, std::string& text) {
    const std::string n = std::to_string(number);
    text += R"({"stream_name":"BENCH","config":{"durable_name":"c)" + n +
            R"(","ack_policy":"explicit","filter_subject":"bench.)" +
            std::to_string(number % kGroups) + ".*\"}}";
  };
}

}  // namespace

void run_js_filter(Options& options) {
  const Target target(options);
  auto count = static_cast<std::uint64_t>(options.number("count", 20'000'000));
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const auto consumers = static_cast<std::uint64_t>(options.number("consumers", 8));
  options.finish();
  const std::uint64_t subjects = std::clamp<std::uint64_t>(count / 20, 1000, kMostSubjects);
  count -= count % subjects;

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {});
  fill_stream(engine, dialer, in_groups(subjects), count, payload);

  Requests requests;
  requests.subject = [](std::uint64_t number, std::string& text) {
    text += "$JS.API.CONSUMER.DURABLE.CREATE.BENCH.c" + std::to_string(number);
  };
  requests.body = create_with_filter();
  requests.total = consumers;
  requests.expects = "\"num_pending\":" + std::to_string(count / kGroups);
  Pinger pinger(dialer.dial(Role::kSubscriber), engine);
  engine.run_for(kQuietSeconds);
  const Report quiet = pinger.latency().report();
  pinger.latency().clear();
  WindowRequester creator(dialer.dial(Role::kPublisher), engine, requests);
  const Stretch stretch = engine.measure_until([&] { return creator.is_done(); }, kMostSeconds);
  Report report = stretch.report(static_cast<double>(consumers));
  report.add("create", creator.latency().report());
  report.add("quiet", quiet);
  report.add("beside", pinger.latency().report());
  report.print();
}

}  // namespace midge::load
