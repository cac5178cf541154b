// What earlier runs left in the journals, as streams again. At start only; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/config/stream_config.h"
#include "jetstream/consumer/consumer_step.h"
#include "store/journal/journal_reader.h"
#include "store/store_folder.h"
#include "store/stream_store.h"

namespace midge::jetstream {

// The bodies of journal kinds 16 and 24.
struct StreamRecord {
  std::string account;
  std::int64_t created = 0;
  StreamConfig config;
};
template <class Visitor>
void describe(Visitor& v, StreamRecord& r) {
  v.field("account", r.account).field("created", r.created).field("config", r.config);
}

struct ConsumerRecord {
  std::int64_t created = 0;
  ConsumerConfig config;
};
template <class Visitor>
void describe(Visitor& v, ConsumerRecord& r) {
  v.field("created", r.created).field("config", r.config);
}

struct RecoveredConsumer {
  ConsumerRecord record;
  ConsumerProgress progress;
};

struct RecoveredStream {
  StreamRecord record;
  std::unique_ptr<store::StreamStore> store;
  std::map<std::uint64_t, RecoveredConsumer> consumers;  // by id
};

class Recovery {
 public:
  // A stream's loop, by its id: the one it will live on.
  using LoopOf = std::function<io::Loop&(store::StreamId)>;
  Recovery(io::Env& env, LoopOf loop_of, Log& log)
      : env_(env), loop_of_(std::move(loop_of)), log_(log) {}

  // Reads all old journals. Errors: a journal that cannot be read, or was written by another
  // version.
  Result<void> read(const store::StoreFolder& folder);
  std::map<std::uint64_t, RecoveredStream>& streams() { return streams_; }
  // Above all ids seen.
  [[nodiscard]] std::uint64_t next_stream_id() const { return next_stream_id_; }

 private:
  // Keeps what belongs to a group that has not ended; the rest is applied.
  Result<void> take(const store::JournalRecord& record);
  // Of groups that never end the rest was not written: nobody was told of them. With `rotten` it
  // may have been.
  Result<void> end_groups(bool rotten);
  Result<void> apply_group(std::uint64_t stream);
  Result<void> apply(const store::JournalRecord& record);
  Result<void> apply_stream(const store::JournalRecord& record);
  Result<void> apply_consumer(RecoveredStream& stream, const store::JournalRecord& record);

  io::Env& env_;
  LoopOf loop_of_;
  Log& log_;
  const store::StoreFolder* folder_ = nullptr;
  std::map<std::uint64_t, RecoveredStream> streams_;
  std::uint64_t next_stream_id_ = 1;
  struct HeldRecord {
    store::RecordKind kind;
    std::string body;
  };
  std::map<std::uint64_t, std::vector<HeldRecord>> groups_;  // by stream
};

}  // namespace midge::jetstream
