// Random terms of streams and consumers for the model, and the JSON that says them to a server.
// Every duration is so long that it ends in the part of a phase that is its kind's.
#pragma once

#include <string>

#include "base/time.h"
#include "sim/sim_random.h"
#include "sim/workload/stream_model.h"

namespace midge::sim {

constexpr Duration kPhase = seconds(1000);
// Things are done this long, and then it takes as long for what ends later to end.
constexpr Duration kBusy = seconds(80), kSpan = seconds(120);
constexpr Duration kRequests = seconds(150), kAges = seconds(300), kDue = seconds(450),
                   kPause = seconds(600), kIds = seconds(850);

inline Duration phases(int count, Duration part) { return kPhase * count + part; }

StreamTerms draw_stream(SimRandom& random, std::string name);
// Other limits for the same stream.
StreamTerms draw_update(SimRandom& random, StreamTerms terms);
// Nullopt: a work queue has no room for one more.
std::optional<ConsumerTerms> draw_consumer(SimRandom& random, ModelStream& stream,
                                           std::string name);
std::string stream_body(const StreamTerms& terms);
std::string consumer_body(const StreamTerms& stream, const ConsumerTerms& terms);
std::string pull_body(std::uint64_t batch, bool no_wait, bool expires);
std::string publish_headers(const ModelStream::Publish& publish);

}  // namespace midge::sim
