// midge-load js-consumers: many consumers of one stream: how fast they are created, their memory,
// and what they cost while nothing happens.
//   --count 50000 --window 100 --kind pull|push (push: nobody subscribes) --seconds 5
#include <unistd.h>

#include <string>

#include "fail.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {
constexpr std::uint64_t kMessages = 1000;
constexpr double kMostSeconds = 600, kSettleSeconds = 2;
}  // namespace

void run_js_consumers(Options& options) {
  const Target target(options);
  const auto count = static_cast<std::uint64_t>(options.number("count", 50'000));
  const auto window = static_cast<std::uint64_t>(options.number("window", 100));
  const std::string kind = options.text("kind", "pull");
  const double seconds = options.real("seconds", 5);
  options.finish();
  if (kind != "pull" && kind != "push") fail("--kind is pull or push");

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {});
  fill_stream(engine, dialer, constant("bench.few"), kMessages, 128);
  ::sleep(1);
  const std::int64_t before = engine.server().rss_bytes();
  Requests requests;
  requests.subject = counted("$JS.API.CONSUMER.DURABLE.CREATE.BENCH.c", count);
  requests.body =
      counted(R"({"stream_name":"BENCH","config":{"ack_policy":"explicit","durable_name":"c)",
              count, kind == "push" ? R"(","deliver_subject":"nobody.listens"}})" : R"("}})");
  requests.window = window;
  requests.total = count;
  requests.expects = "\"num_pending\":" + std::to_string(kMessages);
  WindowRequester creator(dialer.dial(Role::kPublisher), engine, requests);
  const Stretch made = engine.measure_until([&] { return creator.is_done(); }, kMostSeconds);
  engine.run_for(kSettleSeconds);
  const std::int64_t after = engine.server().rss_bytes();
  const Stretch idle = engine.run_for(seconds);

  Report report = made.report(static_cast<double>(count));
  report.add("consumers", static_cast<double>(count));
  report.add("consumer_bytes", static_cast<double>(after - before) / static_cast<double>(count));
  report.add("idle_cores", idle.server_cpu_ns / 1e9 / idle.seconds);
  report.add("latency", creator.latency().report());
  report.print();
}

}  // namespace midge::load
