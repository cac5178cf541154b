// midge-load js-subjects: a stream of many subjects with one message each: its memory, and how long
// it takes to list the subjects of a tenth of it.
//   --count 10000000 --payload 16
#include <unistd.h>

#include <algorithm>
#include <string>

#include "clock.h"
#include "jetstream/pinger.h"
#include "jetstream/receiver.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr double kMostSeconds = 600;
constexpr std::int64_t kPage = 100'000;  // of STREAM.INFO

// `bench.<group>.<number>`, a tenth of them in each group.
Piece in_groups(std::uint64_t count) {
  const Piece inner = counted("", count / 10);
  return [=](std::uint64_t number, std::string& text) {
    text.append("bench.").append(1, static_cast<char>('0' + number % 10)).append(".");
    inner(number / 10, text);
  };
}

// As a key-value bucket's keys are listed: a consumer of the last of each, without payloads.
double list_by_consumer(Engine& engine, Dialer& dialer, ApiClient& api, std::uint64_t keys) {
  ReceiverPlan plan;
  plan.pulls = false;
  plan.total = keys;
  Receiver receiver(dialer.dial(Role::kSubscriber), engine, plan);
  receiver.start();
  const std::int64_t begin = now_ns();
  api.request("$JS.API.CONSUMER.CREATE.BENCH.c",
              R"({"stream_name":"BENCH","config":{"name":"c","deliver_policy":"last_per_subject",)"
              R"("ack_policy":"none","headers_only":true,"filter_subject":"bench.3.*",)"
              R"("deliver_subject":"_INBOX.push","flow_control":true,"idle_heartbeat":5000000000,)"
              R"("mem_storage":true,"num_replicas":1}})");
  engine.measure_until([&] { return receiver.is_done(); }, kMostSeconds);
  return static_cast<double>(now_ns() - begin) / kSecond;
}

double list_by_info(ApiClient& api, std::int64_t keys) {
  std::int64_t ns = 0;
  std::string answer;
  for (std::int64_t offset = 0; offset < keys; offset += kPage)
    ns += api.request_ns(
        "$JS.API.STREAM.INFO.BENCH",
        R"({"subjects_filter":"bench.4.*","offset":)" + std::to_string(offset) + "}", answer);
  return static_cast<double>(ns) / kSecond;
}

}  // namespace

void run_js_subjects(Options& options) {
  const Target target(options);
  const auto count = static_cast<std::uint64_t>(options.number("count", 10'000'000));
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {.per_subject = 1, .direct = true});
  ::sleep(1);
  const std::int64_t before = engine.server().rss_bytes();
  const Stretch fill = fill_stream(engine, dialer, in_groups(count), count, payload);
  ::sleep(2);
  const std::int64_t after = engine.server().rss_bytes();

  Report report = fill.report(static_cast<double>(count));
  report.add("subject_bytes", static_cast<double>(after - before) / static_cast<double>(count));
  report.add("rss", static_cast<double>(after));
  Pinger pinger(dialer.dial(Role::kPublisher), engine);
  report.add("list_by_consumer", list_by_consumer(engine, dialer, api, count / 10));
  report.add("beside", pinger.latency().report());
  report.add("list_by_info", list_by_info(api, static_cast<std::int64_t>(count / 10)));
  report.print();
}

}  // namespace midge::load
