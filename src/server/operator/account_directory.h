// A folder of account claims, `<account>.jwt` each, as nats-server's directory resolvers keep them:
// an existing one is taken over. Deleted claims stay as `<account>.jwt.deleted`, unless they are to
// be gone for good. A cache forgets what was not asked for lately.
//
// Thread: any. Files are replaced whole, so that a reader sees the old claim or the new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/jwt/account_store.h"
#include "auth/resolver_config.h"
#include "io/clock.h"
#include "io/disk.h"
#include "subject/writer_lock.h"

namespace midge::server {

class AccountDirectory final : public auth::jwt::AccountSource {
 public:
  // Makes the folder if there is none. Errors: it cannot be made or read.
  static Result<std::shared_ptr<AccountDirectory>> open(const auth::ResolverConfig& config,
                                                        io::Disk& disk, io::Clock& clock);

  Result<std::string> fetch(std::string_view account) override;
  // Errors: a full directory holds as many as it may, or it cannot be written.
  Result<void> save(std::string_view account, std::string_view token);
  // Keeps what is there if it was issued later.
  Result<void> save_if_newer(std::string_view account, std::string_view token);
  Result<void> remove(std::string_view account);
  [[nodiscard]] bool has(std::string_view account) const;
  // Accounts in the order of their keys.
  [[nodiscard]] std::vector<std::string> list() const;
  // All claims, and the digest servers compare them by: SHA-256 of each, combined by exclusive or.
  struct Pack {
    std::vector<std::pair<std::string, std::string>> claims;
    std::string digest;  // 32 bytes
  };
  [[nodiscard]] Pack pack() const;

 private:
  AccountDirectory(const auth::ResolverConfig& config, io::Disk& disk, io::Clock& clock)
      : config_(config), disk_(disk), clock_(clock) {}
  [[nodiscard]] std::string path_of(std::string_view account) const;
  // Forgets what a cache has too many of, or too old; under the lock.
  void evict();

  auth::ResolverConfig config_;
  io::Disk& disk_;
  io::Clock& clock_;
  mutable subject::WriterLock lock_;                      // of the index, and of writing files
  std::map<std::string, MonoTime, std::less<>> used_at_;  // by account
};

}  // namespace midge::server
