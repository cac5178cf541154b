// midge-load js-fill: a stream of --count messages of --payload bytes to --keys subjects; for those
// who look at what the server makes of it afterwards.
#include <string>

#include "jetstream/stream.h"
#include "scenario.h"

namespace midge::load {

void run_js_fill(Options& options) {
  const Target target(options);
  const auto count = static_cast<std::uint64_t>(options.number("count", 1'000'000));
  const auto payload = static_cast<std::size_t>(options.number("payload", 512));
  const auto keys = static_cast<std::uint64_t>(options.number("keys", 1000));
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  ApiClient api(dialer.dial(Role::kPublisher), engine.scratch());
  create_stream(api, {});
  fill_stream(engine, dialer, counted("bench.", keys), count, payload)
      .report(static_cast<double>(count))
      .print();
}

}  // namespace midge::load
