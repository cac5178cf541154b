// TLS of a server: the contexts its listeners hand to new connections, and how they stay current.
//
// Certificates are looked at every few seconds: a renewed file serves the handshakes after it
// without a signal; one that does not load is warned of, and the old one goes on serving. Their
// OCSP staples are kept current (ocsp/stapler.h); a renewed certificate has one before it serves.
// Thread: wrap…() and watch() on the first loop; prepare() and apply() where reloads happen; the
// rest any.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "io/stream.h"
#include "io/timer.h"
#include "server/ocsp/answer_cache.h"
#include "server/ocsp/responder.h"
#include "server/ocsp/stapler.h"
#include "server/options/options.h"
#include "tls/context.h"
#include "tls/ocsp_peer.h"

namespace midge::server {

class TlsService {
 public:
  static constexpr Duration kLookEvery = seconds(2);

  // Contexts of one state of the files, and what belongs to them. Immutable.
  struct Loaded;
  using LoadedPtr = std::shared_ptr<const Loaded>;

  // Which of the options' blocks it is for; null: there is none.
  using Select = const tls::TlsConfig* (*)(const Options& options);
  static const tls::TlsConfig* of_clients(const Options& options);
  static const tls::TlsConfig* of_web_sockets(const Options& options);

  // `shut_down`: a certificate that has to be good is not any more.
  TlsService(io::Env& env, Log& log, Select select, std::function<void()> shut_down);
  ~TlsService();

  // Before start(): who is told of peers whose certificates are not good any more.
  void on_ocsp_rejection(tls::OnOcspRejection told) { on_rejection_ = std::move(told); }
  // At start: loads what the options name, staples included. Blocks.
  Result<void> start(const Options& options);
  // For a reload: the same without asking anybody. Changes nothing; null: no TLS.
  Result<LoadedPtr> prepare(const Options& options);
  void apply(LoadedPtr loaded) { current_.store(std::move(loaded)); }
  // From now on files and staples are kept current, if there are any; again after each apply().
  void watch(io::Loop& loop);
  // Before the loop ends.
  void stop();

  [[nodiscard]] bool enabled() const { return current_.load() != nullptr; }
  // A client's connection, as the listener accepted it; itself if there is no TLS.
  std::unique_ptr<io::Stream> wrap_client(std::unique_ptr<io::Stream> stream);
  // One that becomes a web socket, which says when the handshake begins.
  std::unique_ptr<io::Stream> wrap_web_socket(std::unique_ptr<io::Stream> stream, Duration timeout);
  // One to the monitoring port, which asks for no certificate.
  std::unique_ptr<io::Stream> wrap_monitoring(std::unique_ptr<io::Stream> stream);
  // When the first certificate ends to be valid; zero without TLS.
  [[nodiscard]] WallTime not_after() const;
  // Nothing if clients' certificates are not asked after.
  [[nodiscard]] std::optional<AnswerCache::Stats> peer_cache() const;

 private:
  using Files = std::map<std::string, std::string>;  // by path
  class LookJob;
  struct Door {
    TlsService* service;
  };

  struct Wish;
  class SaveJob;
  [[nodiscard]] Wish wish_of(const Options& options) const;
  // `before` may be null; what it knows is taken over.
  Result<std::shared_ptr<Loaded>> load(const Wish& wish, const LoadedPtr& before);
  Result<std::shared_ptr<AnswerCache>> cache_for(const Wish& wish, const LoadedPtr& before);
  void settle_staples(Loaded& loaded, const LoadedPtr& before, bool ask);
  void use_cache(std::shared_ptr<AnswerCache> cache);
  void on_save_timer();
  static bool have_changed(io::Disk& disk, const Files& files, Files& now);
  [[nodiscard]] bool is_throttled(std::int64_t per_second);
  void on_look_timer();
  void looked(const LoadedPtr& before, Result<LoadedPtr> after, Files seen);

  io::Env& env_;
  Log& log_;
  const Select select_;
  tls::OnOcspRejection on_rejection_;
  io::Loop* loop_ = nullptr;
  std::atomic<LoadedPtr> current_;
  Files refused_;  // what was warned of already
  MonoTime second_began_{};
  std::int64_t in_this_second_ = 0;
  std::shared_ptr<Door> door_;
  const std::shared_ptr<PatientResponders> responders_;  // contexts ask through it
  Stapler stapler_;
  std::shared_ptr<AnswerCache> cache_;  // in use, or null
  io::MemberTimer<&TlsService::on_look_timer> look_timer_{*this};
  io::MemberTimer<&TlsService::on_save_timer> save_timer_{*this};
};

}  // namespace midge::server
