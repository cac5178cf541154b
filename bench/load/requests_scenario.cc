// midge-load requests: request-reply between one requester and one responder.
//   --in-flight 1 --payload 16 --warmup 0.5 --seconds 2
//   --rate R: requests at a rate, however many are in flight (0: as fast as --in-flight allows)
//   --spin 1: never sleep, so that the server pays for no wake-up of the generator
// An event is a request with its reply; the latency is the round trip.
#include "requester.h"
#include "responder.h"
#include "scenario.h"

namespace midge::load {

void run_requests(Options& options) {
  const Target target(options);
  const auto in_flight = static_cast<std::uint64_t>(options.number("in-flight", 1));
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const double rate = options.real("rate", 0);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 2);
  const bool spin = options.number("spin", 0) != 0;
  options.finish();

  Engine engine(target.pid);
  if (spin) engine.poller().spin();
  Dialer dialer = target.dialer();
  Socket requesting = dialer.dial(Role::kPublisher);
  Responder responder(dialer.dial(Role::kSubscriber), engine, payload);
  Requester requester(std::move(requesting), engine, payload, in_flight, rate);
  engine.run_for(warmup);
  requester.latency().clear();
  const std::uint64_t replies = requester.replies();
  const Stretch stretch = engine.run_for(seconds);
  Report report = stretch.report(static_cast<double>(requester.replies() - replies));
  report.add("latency", requester.latency().report());
  report.print();
}

}  // namespace midge::load
