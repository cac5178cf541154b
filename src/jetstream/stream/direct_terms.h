// What a direct get asks for: the body of `$JS.API.DIRECT.GET.<stream>` (ADR-31).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace midge::jetstream {

struct DirectTerms {
  std::uint64_t sequence = 0;
  std::string last_by_subject, next_by_subject;
  std::optional<WallTime> start_time;
  std::int64_t batch = 0;
  std::int64_t max_bytes = 0;
  std::vector<std::string> multi_last;
  std::uint64_t up_to_sequence = 0;
  std::optional<WallTime> up_to_time;
  bool no_header = false;

  // `last_of`: the subject that stands behind the stream's name, which leaves the body little to
  // say; "" if there is none. Returns the status to refuse it with; "" if it is a request.
  std::string_view read(std::string_view body, std::string_view last_of);

  // More than one message is asked for.
  [[nodiscard]] bool is_batch() const { return batch != 0 || !multi_last.empty(); }
};

}  // namespace midge::jetstream
