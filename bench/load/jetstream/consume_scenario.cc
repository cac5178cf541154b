// midge-load js-consume: a consumer delivers what a stream holds.
//   --count 500000 (messages in the stream) --payload 128
//   --kind fetch    requests of --batch 500, each when the one before is served
//          consume  the same, but asked for again when half of it has come, as clients' Consume()
//          ordered  consume without acknowledgements by an ephemeral in-memory consumer
//          push     to a deliver subject, with flow control and heartbeats
//   --acks none|explicit
#include <string>

#include "fail.h"
#include "jetstream/receiver.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr double kMostSeconds = 120;

std::string consumer_config(const std::string& kind, bool acks) {
  std::string config = R"({"stream_name":"BENCH","config":{"name":"c","deliver_policy":"all",)";
  config += acks ? R"("ack_policy":"explicit")" : R"("ack_policy":"none")";
  if (kind == "ordered") {
    config += R"(,"mem_storage":true,"num_replicas":1,"inactive_threshold":300000000000)";
  } else if (kind == "push") {
    config += R"(,"deliver_subject":"_INBOX.push","flow_control":true,"idle_heartbeat":5000000000)";
    config += R"(,"mem_storage":true,"num_replicas":1)";
  } else {
    config += R"(,"durable_name":"c")";
  }
  return config + "}}";
}

}  // namespace

void run_js_consume(Options& options) {
  const Target target(options);
  const auto count = static_cast<std::uint64_t>(options.number("count", 500'000));
  const auto payload = static_cast<std::size_t>(options.number("payload", 128));
  const std::string kind = options.text("kind", "fetch");
  const bool acks = options.text("acks", "none") == "explicit";
  ReceiverPlan plan;
  plan.batch = static_cast<std::uint64_t>(options.number("batch", 500));
  options.finish();
  if (kind != "fetch" && kind != "consume" && kind != "ordered" && kind != "push")
    fail("--kind is fetch, consume, ordered or push");

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {});
  fill_stream(engine, dialer, constant("bench.consume"), count, payload);

  plan.acks = acks;
  plan.total = count;
  plan.pulls = kind != "push";
  plan.asks_again_at = kind == "fetch" ? 0 : plan.batch / 2;
  Receiver receiver(dialer.dial(Role::kSubscriber), engine, plan);
  const std::string create = consumer_config(kind, acks);
  if (plan.pulls) {
    api.request("$JS.API.CONSUMER.CREATE.BENCH.c", create);
    receiver.start();
  } else {
    receiver.start();
    api.request("$JS.API.CONSUMER.CREATE.BENCH.c", create);
  }
  const std::uint64_t before = receiver.messages();
  const Stretch stretch = engine.measure_until([&] { return receiver.is_done(); }, kMostSeconds);
  Report report = stretch.report(static_cast<double>(receiver.messages() - before));
  report.add("latency", receiver.latency().report());
  report.print();
}

}  // namespace midge::load
