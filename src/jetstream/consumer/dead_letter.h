// A message that its consumer gave up and that is on its way to the dead letter subject.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "store/ids.h"

namespace midge::jetstream {

struct DeadLetter {
  store::Sequence stream;
  std::uint32_t deliveries = 0;
  // kKept: of a consumer without a dead letter subject in a stream of interest. It stays there as
  // one that was not acknowledged.
  enum class Reason : std::uint8_t {
    kMaxDeliveries,
    kTerminated,
    kKept
  } reason = Reason::kMaxDeliveries;
  WallTime time{};          // when it was given up
  std::string description;  // what a +TERM said
};

constexpr const char* to_text(DeadLetter::Reason reason) {
  return reason == DeadLetter::Reason::kMaxDeliveries ? "max_deliveries" : "terminated";
}

}  // namespace midge::jetstream
