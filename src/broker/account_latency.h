// Service latency (ADR-3): how long the answer to a sampled request took, and who answered.
//
// A track is made when the request crosses, kept with its response entry, and becomes a metric when
// the answer arrives or will not. Pure functions over plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace midge::broker {

struct LatencyTrack {
  AccountId exporter;     // whose metric it is
  std::string subject;    // that it is published on
  std::string requestor;  // JSON
  Duration requestor_rtt;
  std::string headers;  // JSON of those that had the request sampled; "" = none
  WallTime start;       // when the requester sent it, by its round trip
  MonoTime arrived;
};

enum class LatencyStatus : std::uint16_t {
  kOk = 200,
  kBadRequest = 400,          // it asked for no answer
  kRequestTimeout = 408,      // the requester was gone when the answer came
  kServiceUnavailable = 503,  // nobody serves it
  kServiceTimeout = 504,      // the answer did not come in time
};

struct LatencyOutcome {
  LatencyStatus status = LatencyStatus::kOk;
  std::string responder;  // JSON; "" = nobody
  Duration responder_rtt;
  MonoTime answered{}, delivered{};  // with kOk
};

inline LatencyOutcome without_answer(LatencyStatus status) {
  LatencyOutcome outcome;
  outcome.status = status;
  return outcome;
}

// The metric's JSON. `id` is unique; `now` its timestamp.
std::string latency_metric(const LatencyTrack& track, const LatencyOutcome& outcome,
                           std::string_view id, WallTime now);

// Whether the headers of a request ask for a sample: then those that do as JSON, else nothing.
// `block` is the whole header block.
std::optional<std::string> sampling_headers(std::string_view block);

}  // namespace midge::broker
