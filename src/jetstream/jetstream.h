// JetStream of one server: its settings, a Shard per loop, the directory of all streams, the API.
//
// Life: create() → (the broker's loops start) → stop with them. Settings are immutable but for what
// a reload may change. Thread: made by main; each shard belongs to its loop, directory and API to
// loop 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/jwt/time_zone.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "io/env.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/directory.h"
#include "jetstream/fwd.h"
#include "jetstream/headers.h"
#include "store/store_folder.h"

namespace midge::jetstream {

class Api;
class Recovery;

struct AccountSettings {
  std::string name;
  AccountLimits limits;
};

struct Settings {
  std::string store_dir;
  std::string domain, unique_tag;
  Duration sync_interval{};  // of the journals; zero: synced before anything is acknowledged
  std::string server_name, server_id, version;
  std::shared_ptr<const auth::jwt::ZoneSource> zones;  // of schedules
  ServerLimits limits;
  // The accounts that have JetStream.
  std::vector<AccountSettings> accounts;
  // Others, which are told that they have none.
  std::vector<std::string> accounts_without;
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
  std::atomic<std::uint64_t> open_batches{0};  // atomic ones that are not complete
};

class JetStream {
 public:
  // `broker`, `env` and `log` outlive it. Before the loops start.
  static Result<std::unique_ptr<JetStream>> create(io::Env& env, Log& log, broker::Broker& broker,
                                                   Settings settings);
  ~JetStream();

  // Limits in them are those of the start.
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] std::shared_ptr<const ServerLimits> limits() const { return limits_.load(); }
  [[nodiscard]] const store::StoreFolder& folder() const { return *folder_; }
  [[nodiscard]] const std::string& domain() const { return settings_.domain; }
  [[nodiscard]] Shard& shard(LoopId loop) { return *shards_[loop.value]; }
  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  Counters& counters() { return counters_; }
  broker::Broker& broker() { return broker_; }
  io::Env& env() { return env_; }
  Log& log() { return log_; }
  Api& api() { return *api_; }

  // Loop 0 only.
  Directory& directory() { return directory_; }
  // After a reload: limits, and accounts that have it from now on.
  void reconfigure(const Settings& settings);
  // Where the next stream shall live.
  [[nodiscard]] LoopId pick_loop();

 private:
  JetStream(io::Env& env, Log& log, broker::Broker& broker, Settings settings);
  void limit(const ServerLimits& limits);
  Result<void> open_store();
  Result<void> adopt_streams(Recovery& recovery);

  io::Env& env_;
  Log& log_;
  broker::Broker& broker_;
  Settings settings_;
  std::atomic<std::shared_ptr<const ServerLimits>> limits_;
  Counters counters_;
  Directory directory_;
  std::unique_ptr<store::StoreFolder> folder_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Api> api_;
  unsigned next_loop_ = 0;
};

}  // namespace midge::jetstream
