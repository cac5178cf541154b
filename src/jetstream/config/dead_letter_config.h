// Where a consumer's messages go that it gives up: delivered as often as may be, or terminated.
#pragma once

#include <string>

namespace midge::jetstream {

struct DeadLetterConfig {
  std::string subject;
  bool operator==(const DeadLetterConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, DeadLetterConfig& d) {
  v.field("subject", d.subject);
}

// The same, for clients that do not know the field: a name in the consumer's metadata.
inline constexpr const char* kDeadLetterMetadata = "midge.dead_letter.subject";

}  // namespace midge::jetstream
