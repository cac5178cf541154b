// What a delivered message is answered on:
//   $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>
// or the longer form, which an account's messages keep where other accounts and domains see them:
//   $JS.ACK.<domain, or _>.<hash of the account's name>.<stream>.…, and further tokens may follow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "jetstream/consumer/ack_state.h"
#include "store/ids.h"

namespace midge::jetstream {

struct AckSubject {
  std::string_view consumer;
  std::uint64_t deliveries = 0;
  store::Sequence sequence;   // in the stream
  ConsumerSequence delivery;  // which of the consumer's it is
  WallTime time;              // of the message
  std::uint64_t pending = 0;
};

// Views are into `subject`. Nothing: it is no such subject.
[[nodiscard]] std::optional<AckSubject> parse_ack_subject(std::string_view subject);

// Eight letters and digits that stand for a name.
[[nodiscard]] std::string name_hash(std::string_view name);

// `<domain>.<hash>.`, of the longer form.
[[nodiscard]] std::string long_ack_prefix(std::string_view domain, std::string_view account);

}  // namespace midge::jetstream
