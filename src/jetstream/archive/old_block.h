// The files of nats-server's own store, which its backups before 2.15 are made of: blocks of
// messages, what of them was removed, consumers. Format: docs/formats/archive.md. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "jetstream/consumer/consumer_step.h"

namespace midge::jetstream {

struct OldRecord {
  enum class Kind : std::uint8_t {
    kMessage,
    kErased,     // a message whose bytes are gone
    kTombstone,  // an earlier message was removed
  } kind = Kind::kMessage;
  std::uint64_t sequence = 0;
  std::int64_t time = 0;
  std::string_view subject, header, payload;
};

// Takes the next record off the front of a block. Nullopt: more of it is needed. Errors: malformed.
Result<std::optional<OldRecord>> take_old_record(std::string_view& block);

// What a block's file of its own says of it (nats-server up to 2.9). Errors: malformed.
struct OldBlockIndex {
  std::uint64_t first = 0, last = 0;
  std::int64_t last_time = 0;
  std::vector<std::uint64_t> removed;
};
Result<OldBlockIndex> read_old_block_index(std::string_view file);

// A consumer's state. Errors: malformed, or it does not fit.
Result<ConsumerProgress> read_old_consumer(std::string_view file);

}  // namespace midge::jetstream
