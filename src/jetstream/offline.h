// Streams and consumers that a newer server made: they need an API level that this one does not
// have, or say something that it does not know. They are kept as they were written, to the byte,
// and serve nobody until a server that understands them has them again. A stream is offline too if
// one of its consumers is. Pure; thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json_struct.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

struct RecoveredConsumer;
struct RecoveredStream;

struct Offline {
  std::string reason;
  std::string text;  // what was recorded
};

// Why what was read, strictly with this result, is not to be used; "": it is.
std::string offline_reason(const StringMap& metadata, const Result<void>& strict);

// Fills `record`, with all that can be read of it. Errors: that is not even a name.
template <class Record>
Result<void> read_record(std::string_view text, Record& record) {
  const Result<void> strict = codec::read_json_struct(text, record, true);
  std::string reason = offline_reason(record.config.metadata, strict);
  if (reason.empty()) return {};
  record = {};
  const Result<void> known = codec::read_json_struct(text, record, false);
  if (!known && record.config.name.empty()) return known;
  record.offline = Offline{std::move(reason), std::string(text)};
  return {};
}

template <class Record>
std::string record_text(const Record& record) {
  return record.offline ? record.offline->text : codec::write_json_struct(record);
}

// "": it is not offline.
std::string offline_reason(const RecoveredStream& stream);
// Null: there is none of that name.
const RecoveredConsumer* find_consumer(const RecoveredStream& stream, std::string_view name);

}  // namespace midge::jetstream
