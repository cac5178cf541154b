#include "server/tls_service.h"

#include <utility>

#include "tls/stream.h"

namespace midge::server {

// Reads the files again, and loads them if they differ.
class TlsService::LookJob final : public io::Job {
 public:
  LookJob(std::shared_ptr<Door> door, io::Disk& disk, LoadedPtr before, Files refused)
      : door_(std::move(door)),
        disk_(disk),
        before_(std::move(before)),
        refused_(std::move(refused)) {}

  void run() override {
    changed_ = have_changed(disk_, before_->files, seen_) && seen_ != refused_;
    if (changed_) after_ = load(disk_, before_->config, before_->allow_plain);
  }
  void done() override {
    if (door_->service == nullptr) return;
    if (changed_)
      door_->service->looked(before_, std::move(after_), std::move(seen_));
    else
      door_->service->looked(before_, before_, {});
  }

 private:
  std::shared_ptr<Door> door_;
  io::Disk& disk_;
  const LoadedPtr before_;
  const Files refused_;
  Files seen_;
  bool changed_ = false;
  Result<LoadedPtr> after_;
};

TlsService::TlsService(io::Env& env, Log& log)
    : env_(env), log_(log), door_(std::make_shared<Door>(this)) {}

TlsService::~TlsService() { stop(); }

Result<TlsService::LoadedPtr> TlsService::load(io::Disk& disk, const tls::TlsConfig& config,
                                               bool allow_plain) {
  auto loaded = std::make_shared<Loaded>();
  loaded->config = config;
  loaded->allow_plain = allow_plain;
  // Both contexts come from one reading of the files.
  const tls::ReadFile read_once = [&](const std::string& path) -> Result<std::string> {
    if (const auto found = loaded->files.find(path); found != loaded->files.end())
      return found->second;
    ASSIGN_OR_RETURN(std::string content, disk.read_file(path));
    loaded->files[path] = content;
    return content;
  };
  ASSIGN_OR_RETURN(loaded->clients, tls::Context::load(config, read_once));
  ASSIGN_OR_RETURN(loaded->monitoring,
                   tls::Context::load(config, read_once, tls::Context::Use::kOpenListener));
  return loaded;
}

Result<void> TlsService::configure(const Options& options) {
  if (!options.tls) {
    current_.store(nullptr);
    return {};
  }
  ASSIGN_OR_RETURN(LoadedPtr loaded, load(env_.disk(), *options.tls, options.allow_non_tls));
  current_.store(std::move(loaded));
  return {};
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
  const tls::TlsConfig& config = loaded->config;
  tls::StreamOptions options;
  options.timeout = config.timeout;
  if (is_throttled(config.connection_rate_limit)) {
    options.opening = Opening::kThrottled;
  } else if (loaded->allow_plain) {
    options.opening = Opening::kOptional;
    options.silence_max = config.timeout;
  } else if (config.handshake_first && config.first_fallback.ns > 0) {
    options.opening = Opening::kFirstOrGreeting;
    options.silence_max = config.first_fallback;
  } else if (config.handshake_first) {
    options.opening = Opening::kFirst;
  }
  return std::make_unique<tls::Stream>(std::move(stream), loaded->clients, env_.pool(),
                                       env_.clock().wall(), std::move(options));
}

std::unique_ptr<io::Stream> TlsService::wrap_monitoring(std::unique_ptr<io::Stream> stream) {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return stream;
  tls::StreamOptions options;
  options.timeout = seconds(10);
  options.autostart = true;
  options.plain_answer =
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  return std::make_unique<tls::Stream>(std::move(stream), loaded->monitoring, env_.pool(),
                                       env_.clock().wall(), std::move(options));
}

WallTime TlsService::not_after() const {
  const LoadedPtr loaded = current_.load();
  return loaded == nullptr ? WallTime{} : loaded->clients->not_after();
}

// ---- renewed files

void TlsService::watch(io::Loop& loop) {
  loop_ = &loop;
  if (!enabled() || look_timer_.armed()) return;
  loop.timers().arm(look_timer_, loop.now() + kLookEvery);
}

void TlsService::stop() {
  door_->service = nullptr;
  if (look_timer_.armed()) loop_->timers().cancel(look_timer_);
}

void TlsService::on_look_timer() {
  const LoadedPtr loaded = current_.load();
  if (loaded == nullptr) return;  // a reload took TLS away
  env_.pool().submit(*loop_, std::make_unique<LookJob>(door_, env_.disk(), loaded, refused_));
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
  if (current_.compare_exchange_strong(expected, *after))
    log_.info("TLS: new handshakes use the renewed certificate files");
}

}  // namespace midge::server
