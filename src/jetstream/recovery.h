// What earlier runs left in the checkpoint, the blocks and the journals, as streams again. At start
// only; blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "broker/memory_budget.h"
#include "io/env.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/config/stream_config.h"
#include "jetstream/consumer/consumer_step.h"
#include "jetstream/damage.h"
#include "jetstream/offline.h"
#include "store/block_list.h"
#include "store/checkpoint.h"
#include "store/journal/journal_reader.h"
#include "store/store_folder.h"
#include "store/stream_store.h"

namespace midge::jetstream {

// The bodies of journal kinds 16 and 24.
struct StreamRecord {
  std::string account;
  std::int64_t created = 0;
  StreamConfig config;
  bool restoring = false;  // a backup of it is on its way in; a restart forgets it
  std::optional<Offline> offline;
};
template <class Visitor>
void describe(Visitor& v, StreamRecord& r) {
  v.field("account", r.account).field("created", r.created).field("config", r.config);
  v.unless_empty("restoring", r.restoring);
}

struct ConsumerRecord {
  std::int64_t created = 0;
  ConsumerConfig config;
  std::optional<Offline> offline;
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
  // `memory`: what the process may use; all must have room in it.
  Recovery(io::Env& env, LoopOf loop_of, Log& log, const broker::MemoryBudget& memory)
      : env_(env), loop_of_(std::move(loop_of)), log_(log), memory_(memory) {}

  // Reads the checkpoint. Errors: it cannot be read, or was written by another version.
  Result<void> begin(store::StoreFolder& folder);
  // About how long the rest will take.
  [[nodiscard]] Duration work() const;
  // Streams' blocks, and what of the old journals the checkpoint does not cover. Any thread.
  // Errors: something cannot be read, or was written by another version; kClosed: `stop` was set;
  // kTooLarge: there is more than memory_limit has room for. After any of them nothing has changed.
  Result<void> read(const std::atomic<bool>& stop);
  std::map<std::uint64_t, RecoveredStream>& streams() { return streams_; }
  // Above all ids seen.
  [[nodiscard]] std::uint64_t next_stream_id() const { return next_stream_id_; }
  [[nodiscard]] std::uint32_t next_journal_id() const { return next_journal_id_; }
  [[nodiscard]] std::uint64_t generation() const { return checkpoint_.generation; }
  // What was found damaged.
  [[nodiscard]] const Damage& damage() const { return damage_; }
  // Their files go to quarantine in the end.
  void add_damaged(const store::BlockList::Quarantined& files);

  // When a new checkpoint covers all of it: journals and files that nobody needs go, what is not
  // explained goes to quarantine. Errors are logged: all that stays is found again at the next
  // start.
  void clean_up();

 private:
  // Whether to go on: looks at what has come in between.
  Result<void> may_go_on();
  // What is in files, or can be, need not be in memory.
  void make_room();
  Result<void> check_format();
  [[nodiscard]] Result<void> check_whether_new() const;
  Result<void> read_old_journals(const std::vector<store::CheckpointJournal>& wanted);
  Result<void> read_old_journal(std::uint32_t id, store::JournalPosition from);
  // Keeps what belongs to a group that has not ended; the rest is applied.
  Result<void> take(const store::JournalRecord& record);
  // Of groups that never end the rest was not written: nobody was told of them. With `rotten` it
  // may have been.
  Result<void> end_groups(bool rotten);
  Result<void> apply_group(std::uint64_t stream);
  Result<void> apply(const store::JournalRecord& record);
  Result<void> apply_section(std::string_view section);
  Result<void> apply_stream(store::StreamId id, std::string_view body);
  Result<void> restore_messages(store::StreamId id, const std::vector<store::SectionPart>& parts);
  Result<void> restore_consumer(RecoveredStream& stream, std::string_view body);
  Result<void> apply_consumer(RecoveredStream& stream, const store::JournalRecord& record);

  void report_damage(const std::string& path, const std::string& what);
  void put_away(const std::string& path, const std::string& why);
  void clean_up_streams();
  void clean_up_files(store::StreamId id, store::StreamStore& store);
  void remove_folder(const std::string& folder);
  void warn_of(const Result<void>& result);

  io::Env& env_;
  LoopOf loop_of_;
  Log& log_;
  const broker::MemoryBudget& memory_;
  std::int64_t room_made_at_ = 0;  // what the process used then
  std::size_t taken_ = 0;          // records of journals
  store::StoreFolder* folder_ = nullptr;
  store::Checkpoint checkpoint_;
  const std::atomic<bool>* stop_ = nullptr;
  Damage damage_;
  std::map<std::uint64_t, RecoveredStream> streams_;
  std::uint64_t next_stream_id_ = 1;
  std::uint32_t next_journal_id_ = 1;
  struct HeldRecord {
    store::RecordKind kind;
    std::string body;
  };
  std::map<std::uint64_t, std::vector<HeldRecord>> groups_;  // by stream
  std::vector<std::uint32_t> rotten_;                        // journals
  std::map<std::string, std::string> damaged_;  // blocks' files, and what is wrong with them
  bool is_whole_ = true;                        // nothing was found damaged
};

}  // namespace midge::jetstream
