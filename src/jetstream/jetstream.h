// JetStream of one server: its settings, a Shard per loop, the directory of all streams, the API.
//
// Life: create() → (the broker's loops start) → they stop → close(). What earlier runs left is read
// in create(), or beside the loops if it is much: is_ready(). Settings are immutable but for what
// a reload may change. Thread: made by main; each shard belongs to its loop, directory and API to
// loop 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/jwt/time_zone.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "io/env.h"
#include "io/timer.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/directory.h"
#include "jetstream/fwd.h"
#include "jetstream/headers.h"
#include "jetstream/memory_round.h"
#include "store/checkpoint_file.h"
#include "store/journal/journal.h"
#include "store/pack/keyring.h"
#include "store/store_folder.h"

namespace midge::jetstream {

class Api;
class DiskWatch;
class Recovery;
struct RecoveredStream;

struct AccountSettings {
  std::string name;
  AccountLimits limits;
  std::string title;  // what people call it, where its name is a key
};

struct Settings {
  std::string store_dir;
  std::string domain, unique_tag;
  bool long_ack_subjects = false;  // those with domain and account
  Duration sync_interval{};        // of the journals; zero: synced before anything is acknowledged
  std::string server_name, server_id, version;
  std::shared_ptr<const auth::jwt::ZoneSource> zones;  // of schedules
  store::KeySettings keys;                             // what is on disk is encrypted with them
  ServerLimits limits;
  // The accounts that have JetStream.
  std::vector<AccountSettings> accounts;
  // Others, which are told that they have none.
  std::vector<std::string> accounts_without;
  // What is in neither list has none. False: it is not known yet, and stays as it is.
  bool names_all_accounts = true;
  // Accounts that own streams of an earlier run and are not in the list: what they may do; nullopt:
  // nothing. May be empty.
  std::function<std::optional<AccountSettings>(const std::string& name)> look_up;
  // A loop makes a checkpoint when its journal has grown by so much.
  std::uint64_t checkpoint_every = 128 << 20;
  // So long a start may read the store; what takes longer is done while the loops run.
  Duration read_at_once = milliseconds(400);
};

// Over all loops; for monitoring.
struct Counters {
  std::atomic<std::uint64_t> api_requests{0}, api_errors{0};
  std::atomic<std::int64_t> memory{0}, storage{0};  // bytes that streams hold
  std::atomic<std::int64_t> max_memory{0}, max_store{0};

  std::atomic<std::int64_t>& used(Storage kind) {
    return kind == Storage::kMemory ? memory : storage;
  }
  [[nodiscard]] std::int64_t most(Storage kind) const {
    return kind == Storage::kMemory ? max_memory : max_store;
  }
  std::atomic<std::int64_t> held_blocks{0}, held_subjects{0}, held_ids{0};  // see MemoryUse
  std::atomic<unsigned> failing_journals{0};        // of loops whose disk takes nothing
  std::atomic<unsigned> journals_without_space{0};  // of these
  std::atomic<std::uint64_t> open_batches{0};       // atomic ones that are not complete
  std::atomic<std::uint64_t> open_fast_batches{0};
  // See Damage.
  std::atomic<std::uint64_t> damaged_files{0}, lost_record_bytes{0};
  std::atomic<std::uint64_t> lost_messages{0};  // of streams, to rot
};

class JetStream {
 public:
  // `broker`, `env` and `log` outlive it. Before the loops start.
  static Result<std::unique_ptr<JetStream>> create(io::Env& env, Log& log, broker::Broker& broker,
                                                   Settings settings);
  ~JetStream();
  // After the loops have ended: what is held goes to a checkpoint, so that the next start has
  // nothing to read again. Blocks. Without it nothing is lost.
  void close();

  // What earlier runs left is here, and all streams listen: until then requests wait. Any thread.
  [[nodiscard]] bool is_ready() const { return state_.load() == State::kReady; }
  // It could not be read; that is tried again.
  [[nodiscard]] bool has_failed() const { return state_.load() == State::kFailed; }
  // Loop 0.
  void on_loops_started();
  void on_loops_stopping() { stopping_ = true; }

  // Limits in them are those of the start.
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] std::shared_ptr<const ServerLimits> limits() const { return limits_.load(); }
  [[nodiscard]] const store::StoreFolder& folder() const { return *folder_; }
  [[nodiscard]] const std::string& domain() const { return settings_.domain; }
  [[nodiscard]] Shard& shard(LoopId loop) { return *shards_[loop.value]; }
  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  Counters& counters() { return counters_; }
  DiskWatch& disk_watch() { return *disk_watch_; }
  // Why new streams on disk are refused now; nullopt: they are not. Any thread.
  [[nodiscard]] std::optional<ApiError> write_refusal() const;
  // The same of what a journal has room for while the disk is full.
  [[nodiscard]] std::optional<ApiError> record_refusal() const;
  // What all streams hold, where there is a memory_limit; any thread.
  [[nodiscard]] MemoryUse memory_use() const {
    return {counters_.held_blocks, counters_.held_subjects, counters_.held_ids};
  }
  // Why nothing new is taken in while the process has all the memory it may have; any thread.
  [[nodiscard]] std::optional<ApiError> memory_refusal(Storage storage) const;
  broker::Broker& broker() { return broker_; }
  io::Env& env() { return env_; }
  Log& log() { return log_; }
  Api& api() { return *api_; }

  // Loop 0 only.
  Directory& directory() { return directory_; }
  // After a reload: limits, and accounts that have it from now on (reconfigure.cc).
  void reconfigure(const Settings& settings);
  // The account is no more: its streams are kept, in case it comes back.
  void end_account(std::string_view name);
  // Where the next stream shall live.
  [[nodiscard]] LoopId pick_loop();

 private:
  JetStream(io::Env& env, Log& log, broker::Broker& broker, Settings settings);
  void limit(const ServerLimits& limits);
  AccountEntry& add_account(const AccountSettings& account);
  // Those of recovered streams: so that each has one.
  void add_owners(Recovery& recovery);
  void grant(AccountId id, const AccountSettings& account);
  void revoke(AccountEntry& entry);
  void for_streams(const AccountEntry& entry, void (*work)(Stream& stream));
  class RecoverJob;
  Result<void> begin_recovery();
  void read_beside_loops();
  Result<void> open_store();
  // Reads what is there, and makes it durable without the old journals. Any thread.
  Result<void> recover();
  Result<void> make_journals();
  Result<void> write_first_checkpoint();
  // Loop 0, or before the loops start: all shards get what is theirs.
  void hand_over();
  void on_recovered(const Result<void>& result);
  void has_failed_with(const Error& error);
  void arm_retry();
  // A shard has what is its, and its streams listen as far as its loop runs. Any thread.
  void on_inherited();
  // Null: no account that has JetStream owns it.
  AccountEntry* account_of(const RecoveredStream& stream);
  [[nodiscard]] std::size_t loop_of(store::StreamId id) const { return id.value % shards_.size(); }

  io::Env& env_;
  Log& log_;
  broker::Broker& broker_;
  Settings settings_;
  std::atomic<std::shared_ptr<const ServerLimits>> limits_;
  Counters counters_;
  Directory directory_;
  std::unique_ptr<store::StoreFolder> folder_;
  std::shared_ptr<store::CheckpointFile> checkpoint_;
  std::unique_ptr<Recovery> recovery_;
  std::vector<std::unique_ptr<store::Journal>> journals_;  // until the shards have them
  std::vector<std::uint32_t> journal_ids_;                 // of this run, by loop
  enum class State : std::uint8_t { kRecovering, kReady, kFailed };
  std::atomic<State> state_{State::kRecovering};
  std::atomic<std::size_t> heirs_left_{0};  // shards that have not what is theirs
  std::int64_t too_small_limit_ = 0;        // a memory_limit that is not enough
  std::atomic<bool> stopping_{false};
  io::MemberTimer<&JetStream::read_beside_loops> retry_{*this};
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<DiskWatch> disk_watch_;
  std::unique_ptr<Api> api_;
  unsigned next_loop_ = 0;
};

}  // namespace midge::jetstream
