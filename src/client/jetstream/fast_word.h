// What the server says to a fast batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "midge/publish.h"

namespace midge::detail {

struct FastWord {
  enum class Kind : std::uint8_t {
    kFlow,     // up to `last` it has all; it tells again after `every` more
    kGap,      // from `first` to `last` messages got lost
    kRefusal,  // `last` was not stored: `error`
    kEnd,      // `ack`, or the `error` instead
  };
  Kind kind = Kind::kEnd;
  std::uint64_t first = 0, last = 0;
  std::uint16_t every = 0;
  std::optional<Error> error;
  PubAck ack;
};

// Errors: it is nothing of the kind.
Result<FastWord> read_fast_word(std::string_view json);

}  // namespace midge::detail
