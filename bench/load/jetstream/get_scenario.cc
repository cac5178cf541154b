// midge-load js-get: reads the last messages of a stream's subjects, as key-value buckets are read.
//   --keys 1000 --by subject|body --in-flight 64 --payload 128 --warmup 0.5 --seconds 2
#include <string>

#include "fail.h"
#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {

void run_js_get(Options& options) {
  const Target target(options);
  const auto keys = static_cast<std::uint64_t>(options.number("keys", 1000));
  const std::string by = options.text("by", "subject");
  const auto window = static_cast<std::uint64_t>(options.number("in-flight", 64));
  const auto payload = static_cast<std::size_t>(options.number("payload", 128));
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 2);
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  StreamPlan plan{.name = "KV_bench", .subjects = "$KV.bench.>", .per_subject = 1, .direct = true};
  create_stream(api, plan);
  fill_stream(engine, dialer, counted("$KV.bench.", keys), keys, payload);

  const std::string get = "$JS.API.DIRECT.GET.KV_bench";
  Requests requests;
  requests.window = window;
  requests.expects = "Nats-Subject: ";
  if (by == "subject") {
    requests.subject = counted(get + ".$KV.bench.", keys);
    requests.body = constant("");
  } else if (by == "body") {
    requests.subject = constant(get);
    requests.body = counted(R"({"last_by_subj":"$KV.bench.)", keys, "\"}");
  } else {
    fail("--by is subject or body");
  }
  WindowRequester reader(dialer.dial(Role::kPublisher), engine, requests);
  engine.run_for(warmup);
  reader.latency().clear();
  const auto before = static_cast<double>(reader.answered());
  const Stretch stretch = engine.run_for(seconds);
  Report report = stretch.report(static_cast<double>(reader.answered()) - before);
  report.add("latency", reader.latency().report());
  report.print();
}

}  // namespace midge::load
