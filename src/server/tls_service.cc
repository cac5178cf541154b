#include "server/tls_service.h"

#include <utility>

#include "server/ocsp/responder.h"
#include "server/ocsp/staples.h"
#include "tls/stream.h"

namespace midge::server {
namespace {

// To whoever speaks HTTP without TLS.
constexpr const char* kPlainAnswer =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

}  // namespace

// What the options say of it.
struct TlsService::Wish {
  tls::TlsConfig config;
  bool allow_plain = false;
  OcspConfig ocsp;
  OcspCacheConfig ocsp_cache;
  std::string store_dir;
};

struct TlsService::Loaded {
  Wish wish;
  Files files;
  tls::ContextPtr clients, monitoring;
  std::shared_ptr<Staples> staples;    // null: none
  std::shared_ptr<AnswerCache> cache;  // null: clients' certificates are not asked after
};

// Reads the files again, and loads them if they differ.
class TlsService::LookJob final : public io::Job {
 public:
  LookJob(TlsService& service, LoadedPtr before, Files refused)
      : service_(service),
        door_(service.door_),
        before_(std::move(before)),
        refused_(std::move(refused)) {}

  // The service outlives what runs on the pool, not what comes back from it.
  void run() override {
    changed_ = have_changed(service_.env_.disk(), before_->files, seen_) && seen_ != refused_;
    if (!changed_) return;
    auto loaded = service_.load(before_->wish, before_);
    if (loaded) service_.settle_staples(**loaded, before_, true);
    after_ = std::move(loaded);
  }
  void done() override {
    if (door_->service == nullptr) return;
    if (changed_)
      door_->service->looked(before_, std::move(after_), std::move(seen_));
    else
      door_->service->looked(before_, before_, {});
  }

 private:
  TlsService& service_;
  std::shared_ptr<Door> door_;
  const LoadedPtr before_;
  const Files refused_;
  Files seen_;
  bool changed_ = false;
  Result<LoadedPtr> after_;
};

class TlsService::SaveJob final : public io::Job {
 public:
  explicit SaveJob(std::shared_ptr<AnswerCache> cache) : cache_(std::move(cache)) {}
  void run() override { cache_->save(); }
  void done() override {}

 private:
  std::shared_ptr<AnswerCache> cache_;
};

const tls::TlsConfig* TlsService::of_clients(const Options& options) {
  return options.tls ? &*options.tls : nullptr;
}

const tls::TlsConfig* TlsService::of_web_sockets(const Options& options) {
  return options.websocket && options.websocket->tls ? &*options.websocket->tls : nullptr;
}

TlsService::TlsService(io::Env& env, Log& log, Select select, std::function<void()> shut_down)
    : env_(env),
      log_(log),
      select_(select),
      door_(std::make_shared<Door>(this)),
      responders_(std::make_shared<PatientResponders>(env)),
      stapler_(env, log, std::move(shut_down)) {}

TlsService::~TlsService() { stop(); }

Result<std::shared_ptr<TlsService::Loaded>> TlsService::load(const Wish& wish,
                                                             const LoadedPtr& before) {
  auto loaded = std::make_shared<Loaded>(wish);
  // Both contexts come from one reading of the files.
  const tls::ReadFile read_once = [&](const std::string& path) -> Result<std::string> {
    if (const auto found = loaded->files.find(path); found != loaded->files.end())
      return found->second;
    ASSIGN_OR_RETURN(std::string content, env_.disk().read_file(path));
    loaded->files[path] = content;
    return content;
  };
  using Use = tls::Context::Use;
  const tls::TlsConfig& config = wish.config;
  tls::OcspPeerCheckPtr peer_check;
  ASSIGN_OR_RETURN(loaded->cache, cache_for(wish, before));
  if (loaded->cache != nullptr) {
    const auto get = [responders = responders_](const std::string& url, Duration timeout) {
      return responders->get(url, timeout);
    };
    peer_check = std::make_shared<const tls::OcspPeerCheck>(config.ocsp_peer, loaded->cache, get,
                                                            log_, on_rejection_);
  }
  ASSIGN_OR_RETURN(loaded->clients, tls::Context::load(config, read_once, Use::kListener,
                                                       {.peer_check = std::move(peer_check)}));
  ASSIGN_OR_RETURN(loaded->monitoring, tls::Context::load(config, read_once, Use::kOpenListener,
                                                          {.staples = loaded->clients->staples()}));
  loaded->staples =
      std::make_shared<Staples>(env_, log_, wish.ocsp, wish.store_dir, loaded->clients->staples());
  return loaded;
}

// Null if clients' certificates are not asked after.
Result<std::shared_ptr<AnswerCache>> TlsService::cache_for(const Wish& wish,
                                                           const LoadedPtr& before) {
  if (!wish.config.ocsp_peer.verify) return nullptr;
  log_.debug("Plugging TLS OCSP peer for [Client]");
  if (!wish.config.verify && !wish.config.verify_and_map)
    return failure(
        "OCSP peer verification for client connections requires TLS verify (mTLS) to be enabled");
  if (before && before->cache && before->cache->config() == wish.ocsp_cache) return before->cache;
  auto cache = std::make_shared<AnswerCache>(env_, log_, wish.ocsp_cache);
  cache->load();
  return cache;
}

// While the server runs, certificates serve without a staple rather than not at all.
void TlsService::settle_staples(Loaded& loaded, const LoadedPtr& before, bool ask) {
  const Staples* known = before ? before->staples.get() : nullptr;
  if (const auto checked = loaded.staples->check(); !checked) {
    log_.warn("Can't restart OCSP features: " + checked.error().text());
    loaded.staples = nullptr;
    return;
  }
  if (!ask) return loaded.staples->take_known(known);
  if (const auto got = loaded.staples->obtain(known); !got) log_.error(got.error().text());
}

TlsService::Wish TlsService::wish_of(const Options& options) const {
  return {*select_(options), options.allow_non_tls, options.ocsp.value_or(OcspConfig{}),
          options.ocsp_cache.value_or(OcspCacheConfig{}), options.store_dir};
}

Result<void> TlsService::start(const Options& options) {
  if (select_(options) == nullptr) return {};
  ASSIGN_OR_RETURN(const auto loaded, load(wish_of(options), nullptr));
  TRY(loaded->staples->obtain(nullptr));
  current_.store(loaded);
  return {};
}

Result<TlsService::LoadedPtr> TlsService::prepare(const Options& options) {
  if (select_(options) == nullptr) return nullptr;
  const LoadedPtr before = current_.load();
  ASSIGN_OR_RETURN(const auto loaded, load(wish_of(options), before));
  settle_staples(*loaded, before, false);
  return loaded;
}

// ---- connections

bool TlsService::is_throttled(std::int64_t per_second) {
  if (per_second <= 0) return false;
  const MonoTime now = env_.clock().now();
  if (now - second_began_ >= seconds(1)) {
    second_began_ = now;
    in_this_second_ = 0;
  }
  return ++in_this_second_ > per_second;
}

std::unique_ptr<io::Stream> TlsService::wrap_client(std::unique_ptr<io::Stream> stream) {
  using Opening = io::SecureStream::Opening;
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return stream;
  const tls::TlsConfig& config = loaded->wish.config;
  tls::StreamOptions options;
  options.timeout = config.timeout;
  if (is_throttled(config.connection_rate_limit)) {
    options.opening = Opening::kThrottled;
  } else if (config.handshake_first && config.first_fallback.ns > 0) {
    options.opening =
        loaded->wish.allow_plain ? Opening::kFirstOrOptional : Opening::kFirstOrGreeting;
    options.silence_max = config.first_fallback;
  } else if (config.handshake_first) {  // whatever else is allowed
    options.opening = Opening::kFirst;
  } else if (loaded->wish.allow_plain) {
    options.opening = Opening::kOptional;
    options.silence_max = config.timeout;
  }
  return std::make_unique<tls::Stream>(std::move(stream), loaded->clients, env_.pool(),
                                       env_.clock().wall(), std::move(options));
}

std::unique_ptr<io::Stream> TlsService::wrap_web_socket(std::unique_ptr<io::Stream> stream,
                                                        Duration timeout) {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return stream;
  tls::StreamOptions options;
  options.timeout = timeout;
  options.plain_answer = kPlainAnswer;
  return std::make_unique<tls::Stream>(std::move(stream), loaded->clients, env_.pool(),
                                       env_.clock().wall(), std::move(options));
}

std::unique_ptr<io::Stream> TlsService::wrap_monitoring(std::unique_ptr<io::Stream> stream) {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return stream;
  tls::StreamOptions options;
  options.timeout = seconds(10);
  options.autostart = true;
  options.plain_answer = kPlainAnswer;
  return std::make_unique<tls::Stream>(std::move(stream), loaded->monitoring, env_.pool(),
                                       env_.clock().wall(), std::move(options));
}

WallTime TlsService::not_after() const {
  const LoadedPtr loaded = current_.load();
  return loaded == nullptr ? WallTime{} : loaded->clients->not_after();
}

std::optional<AnswerCache::Stats> TlsService::peer_cache() const {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr || loaded->cache == nullptr) return std::nullopt;
  return loaded->cache->stats();
}

// ---- what is kept current

void TlsService::watch(io::Loop& loop) {
  loop_ = &loop;
  const LoadedPtr loaded = current_.load();
  stapler_.watch(loop, loaded ? loaded->staples : nullptr);
  use_cache(loaded ? loaded->cache : nullptr);
  if (!loaded || look_timer_.armed()) return;
  loop.timers().arm(look_timer_, loop.now() + kLookEvery);
}

void TlsService::stop() {
  door_->service = nullptr;
  if (look_timer_.armed()) loop_->timers().cancel(look_timer_);
  if (save_timer_.armed()) loop_->timers().cancel(save_timer_);
  stapler_.stop();
  if (const auto cache = std::exchange(cache_, nullptr)) {
    log_.debug("Stopping OCSP peer cache");
    cache->save();
  }
}

void TlsService::use_cache(std::shared_ptr<AnswerCache> cache) {
  if (cache == cache_) return;
  if (cache_ != nullptr) env_.pool().submit(*loop_, std::make_unique<SaveJob>(cache_));
  cache_ = std::move(cache);
  if (save_timer_.armed()) loop_->timers().cancel(save_timer_);
  if (cache_ == nullptr) return;
  log_.info("OCSP peer cache online, type [" + cache_->stats().type + "]");
  loop_->timers().arm(save_timer_, loop_->now() + cache_->config().save_interval);
}

void TlsService::on_save_timer() {
  log_.debug("OCSP peer cache save timer expired");
  env_.pool().submit(*loop_, std::make_unique<SaveJob>(cache_));
  loop_->timers().arm(save_timer_, loop_->now() + cache_->config().save_interval);
}

void TlsService::on_look_timer() {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return;  // a reload took TLS away
  env_.pool().submit(*loop_, std::make_unique<LookJob>(*this, loaded, refused_));
}

bool TlsService::have_changed(io::Disk& disk, const Files& files, Files& now) {
  bool changed = false;
  for (const auto& [path, content] : files) {
    auto read = disk.read_file(path);
    now[path] = read ? *std::move(read) : "";
    changed |= now[path] != content;
  }
  return changed;
}

void TlsService::looked(const LoadedPtr& before, Result<LoadedPtr> after, Files seen) {
  loop_->timers().arm(look_timer_, loop_->now() + kLookEvery);
  if (!after) {
    refused_ = std::move(seen);
    log_.warn("TLS: a changed certificate or key file is not used: " + after.error().text());
    return;
  }
  if (*after == before) return;
  refused_.clear();
  // A reload meanwhile knows better.
  LoadedPtr expected = before;
  if (!current_.compare_exchange_strong(expected, *after)) return;
  log_.info("TLS: new handshakes use the renewed certificate files");
  stapler_.watch(*loop_, (*after)->staples);
}

}  // namespace midge::server
