// midge-load js-volume: bytes that the server writes to the disk for each byte of payload, while a
// consumer takes the messages and acknowledges them in no order, of --pending that it holds back.
//   --count 400000 --payload 1024 --window 500 --pending 100000
#include <unistd.h>

#include <string>

#include "jetstream/receiver.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {
constexpr double kMostSeconds = 600;
constexpr unsigned kSettleSeconds = 5;  // what is written in the background
}  // namespace

void run_js_volume(Options& options) {
  const Target target(options);
  const auto count = static_cast<std::uint64_t>(options.number("count", 400'000));
  const auto payload = static_cast<std::size_t>(options.number("payload", 1024));
  const auto window = static_cast<std::uint64_t>(options.number("window", 500));
  ReceiverPlan plan;
  plan.holds_back = static_cast<std::uint64_t>(options.number("pending", 100'000));
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {});
  api.request("$JS.API.CONSUMER.DURABLE.CREATE.BENCH.c",
              R"({"stream_name":"BENCH","config":{"durable_name":"c","ack_policy":"explicit",)"
              R"("ack_wait":600000000000,"max_ack_pending":)" +
                  std::to_string(plan.holds_back + 2 * plan.batch) + "}}");
  plan.acks = true;
  plan.total = count;
  plan.asks_again_at = plan.batch / 2;
  Receiver receiver(dialer.dial(Role::kSubscriber), engine, plan);
  Requests requests;
  requests.subject = constant("bench.volume");
  requests.body = constant(std::string(payload, 'x'));
  requests.window = window;
  requests.total = count;
  requests.expects = "\"seq\":";
  WindowRequester publisher(dialer.dial(Role::kPublisher), engine, requests);
  receiver.start();
  const std::int64_t before = engine.server().written_bytes();
  const Stretch stretch =
      engine.measure_until([&] { return publisher.is_done() && receiver.is_done(); }, kMostSeconds);
  ::sleep(kSettleSeconds);
  const auto written = static_cast<double>(engine.server().written_bytes() - before);
  Report report = stretch.report(static_cast<double>(count));
  report.add("written_per_payload", written / static_cast<double>(count * payload));
  report.print();
}

}  // namespace midge::load
