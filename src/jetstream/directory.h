// All streams of all accounts, by name: who has what, where it lives, what is reserved. It sits on
// loop 0 and decides what more than one stream is concerned by: names, overlaps, limits of
// accounts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "jetstream/api/error.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/config/stream_config.h"
#include "jetstream/usage.h"
#include "store/ids.h"

namespace midge::jetstream {

// What is known of a stream away from its loop.
struct StreamEntry {
  store::StreamId id;
  LoopId loop;
  StreamConfig config;
  WallTime created = kNoTime;
  std::string offline;  // why it is; "": it is not
};

struct AccountEntry {
  AccountId id;
  std::string name;   // a key in operator mode
  std::string title;  // what people call it
  // False: it has no JetStream now. Its streams are kept and serve nobody.
  bool enabled = true;
  AccountLimits limits;
  std::shared_ptr<AccountUsage> usage = std::make_shared<AccountUsage>();
  std::map<std::string, StreamEntry, std::less<>> streams;  // by name
  // Those whose backups are on their way in. Nobody sees them; names, subjects and room are theirs.
  std::map<std::string, StreamConfig, std::less<>> restoring;

  // What its streams may grow to, as far as that is said. `except`: a stream that is not counted.
  [[nodiscard]] std::int64_t reserved(Storage storage, const StreamEntry* except = nullptr) const;
};

class Directory {
 public:
  AccountEntry& add_account(AccountId id, std::string_view name, AccountLimits limits);
  void remove_account(AccountId id) { accounts_.erase(id.value); }
  [[nodiscard]] AccountEntry* find_account(AccountId id);
  // Those that have JetStream, by name.
  [[nodiscard]] std::vector<AccountEntry*> accounts();

  // Whether a stream of this configuration, checked already, may be made or changed to it.
  // `except`: the stream that is changed.
  ApiResult<void> check(const AccountEntry& account, const StreamConfig& config,
                        const StreamEntry* except) const;
  // Of all accounts.
  [[nodiscard]] std::int64_t reserved(Storage storage, const StreamEntry* except = nullptr) const;
  void limit(const ServerLimits& limits) { limits_ = limits; }
  // Whether messages of `config` come back to it through mirrors and sources; as in nats-server,
  // or whether they come from a stream that one of its other origins, named before, leads to.
  [[nodiscard]] static bool has_cycle(const AccountEntry& account, const StreamConfig& config);
  store::StreamId next_id() { return {next_id_++}; }
  void ids_from(std::uint64_t next) { next_id_ = std::max(next_id_, next); }

 private:
  // Whether messages of its origins are too large for it.
  static ApiResult<void> check_sizes(const AccountEntry& account, const StreamConfig& config);
  // Whether there is room for what the stream may grow to.
  ApiResult<void> check_room(const AccountEntry& account, const StreamConfig& config,
                             const StreamEntry* except) const;

  std::map<std::uint32_t, AccountEntry> accounts_;
  ServerLimits limits_;
  std::uint64_t next_id_ = 1;
};

}  // namespace midge::jetstream
