// JetStream of one server: its settings, a Shard per loop, the directory of all streams, the API.
//
// Life: create() → (the broker's loops start) → stop with them. Settings are immutable but for what a
// reload may change. Thread: made by main; each shard belongs to its loop, directory and API to loop 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
  ServerLimits limits;
  // The accounts that have JetStream.
  std::vector<AccountSettings> accounts;
};

// Over all loops; for monitoring.
struct Counters {
  std::atomic<std::uint64_t> api_requests{0}, api_errors{0};
};

class JetStream {
 public:
  // `broker`, `env` and `log` outlive it. Before the loops start.
  static Result<std::unique_ptr<JetStream>> create(io::Env& env, Log& log,
                                                   broker::Broker& broker, Settings settings);
  ~JetStream();

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const store::StoreFolder& folder() const { return *folder_; }
  [[nodiscard]] const std::string& domain() const { return settings_.domain; }
  [[nodiscard]] Shard& shard(LoopId loop) { return *shards_[loop.value]; }
  [[nodiscard]] std::size_t shards() const { return shards_.size(); }
  Counters& counters() { return counters_; }
  broker::Broker& broker() { return broker_; }
  io::Env& env() { return env_; }
  Log& log() { return log_; }

  // Loop 0 only.
  Directory& directory() { return directory_; }
  // Where the next stream shall live.
  [[nodiscard]] LoopId pick_loop();

 private:
  JetStream(io::Env& env, Log& log, broker::Broker& broker, Settings settings);
  Result<void> open_store();
  Result<void> adopt_streams(Recovery& recovery);

  io::Env& env_;
  Log& log_;
  broker::Broker& broker_;
  Settings settings_;
  Counters counters_;
  Directory directory_;
  std::unique_ptr<store::StoreFolder> folder_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Api> api_;
  unsigned next_loop_ = 0;
};

}  // namespace midge::jetstream
