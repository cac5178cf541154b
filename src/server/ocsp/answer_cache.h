// Answers of responders about clients' certificates, in memory and in a file that nats-server can
// read, and that it wrote: `<local_store>/cache.json`.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/log.h"
#include "io/env.h"
#include "server/options/options.h"
#include "subject/writer_lock.h"
#include "tls/ocsp_peer.h"

namespace midge::server {

class AnswerCache final : public tls::OcspAnswers {
 public:
  struct Stats {
    std::string type;  // `local`, `none`
    std::int64_t hits = 0, misses = 0;
    std::int64_t good = 0, revoked = 0, unknown = 0;  // kept now
    [[nodiscard]] std::int64_t kept() const { return good + revoked + unknown; }
  };

  // `env` and `log` outlive it.
  AnswerCache(io::Env& env, Log& log, OcspCacheConfig config);

  std::optional<std::string> find(const std::string& key) override;
  void keep(const std::string& key, const std::string& subject,
            const tls::OcspAnswer& answer) override;
  void forget(const std::string& key) override;

  // Reads the file, if there is one. Blocks.
  void load();
  // Writes it if something changed. Blocks.
  void save();
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] const OcspCacheConfig& config() const { return config_; }

 private:
  struct Item {
    std::string subject;
    std::string cached_at, expires;  // for people
    tls::OcspStatus status = tls::OcspStatus::kUnknown;
    std::string der;
  };
  using Items = std::map<std::string, Item>;
  [[nodiscard]] std::string path() const;
  static Result<Items> parse(const std::string& text);
  [[nodiscard]] static std::string text_of(const Items& items);

  io::Env& env_;
  Log& log_;
  const OcspCacheConfig config_;
  mutable subject::WriterLock lock_;  // of what follows
  Items items_;
  std::int64_t hits_ = 0, misses_ = 0;
  bool changed_ = false;
};

}  // namespace midge::server
