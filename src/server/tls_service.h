// TLS of a server: the contexts its listeners hand to new connections, and how they stay current.
//
// Certificates are looked at every few seconds: a renewed file serves the handshakes after it
// without a signal; one that does not load is warned of, and the old one goes on serving.
// Thread: wrap…() and watch() on the first loop; configure() where reloads happen; the rest any.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "io/stream.h"
#include "io/timer.h"
#include "server/options/options.h"
#include "tls/context.h"

namespace midge::server {

class TlsService {
 public:
  static constexpr Duration kLookEvery = seconds(2);

  TlsService(io::Env& env, Log& log);
  ~TlsService();

  // At start and at a reload: loads what the options name, or keeps what it had and says why.
  Result<void> configure(const Options& options);
  // From now on the files are looked at, if there are any; again after each configure().
  void watch(io::Loop& loop);
  // Before the loop ends.
  void stop();

  [[nodiscard]] bool enabled() const { return current_.load() != nullptr; }
  // A client's connection, as the listener accepted it; itself if there is no TLS.
  std::unique_ptr<io::Stream> wrap_client(std::unique_ptr<io::Stream> stream);
  // One to the monitoring port, which asks for no certificate.
  std::unique_ptr<io::Stream> wrap_monitoring(std::unique_ptr<io::Stream> stream);
  // When the first certificate ends to be valid; zero without TLS.
  [[nodiscard]] WallTime not_after() const;

 private:
  using Files = std::map<std::string, std::string>;  // by path
  // Contexts of one state of the files. Immutable.
  struct Loaded {
    tls::TlsConfig config;
    bool allow_plain = false;
    Files files;
    tls::ContextPtr clients, monitoring;
  };
  using LoadedPtr = std::shared_ptr<const Loaded>;
  class LookJob;
  struct Door {
    TlsService* service;
  };

  static Result<LoadedPtr> load(io::Disk& disk, const tls::TlsConfig& config, bool allow_plain);
  static bool have_changed(io::Disk& disk, const Files& files, Files& now);
  [[nodiscard]] bool is_throttled(std::int64_t per_second);
  void on_look_timer();
  void looked(const LoadedPtr& before, Result<LoadedPtr> after, Files seen);

  io::Env& env_;
  Log& log_;
  io::Loop* loop_ = nullptr;
  std::atomic<LoadedPtr> current_;
  Files refused_;  // what was warned of already
  MonoTime second_began_{};
  std::int64_t in_this_second_ = 0;
  std::shared_ptr<Door> door_;
  io::MemberTimer<&TlsService::on_look_timer> look_timer_{*this};
};

}  // namespace midge::server
