#include "client/server_pool.h"

#include <algorithm>
#include <utility>

namespace midge::detail {

ServerPool::ServerPool(std::vector<codec::ServerUrl> urls, PoolRules rules) : rules_(rules) {
  for (codec::ServerUrl& url : urls) servers_.push_back({.url = std::move(url)});
}

ServerPool::Server* ServerPool::next() {
  const auto first = std::ranges::min_element(
      servers_, [](const Server& a, const Server& b) { return a.not_before < b.not_before; });
  if (first == servers_.end()) return nullptr;
  std::rotate(servers_.begin(), first, first + 1);
  return &servers_.front();
}

void ServerPool::on_connected() {
  servers_.front().failures = 0;
  servers_.front().refusal.clear();
}

void ServerPool::on_failed(MonoTime now, Duration jitter) {
  const int failures = ++servers_.front().failures;
  if (rules_.attempts_max >= 0 && failures > rules_.attempts_max)
    servers_.erase(servers_.begin());
  else
    to_the_end(now, jitter);
}

void ServerPool::on_lost(MonoTime now, Duration jitter) { to_the_end(now, jitter); }

void ServerPool::to_the_end(MonoTime now, Duration jitter) {
  servers_.front().not_before = now + rules_.wait + jitter;
  std::rotate(servers_.begin(), servers_.begin() + 1, servers_.end());
}

bool ServerPool::on_refused(const std::string& text) {
  return std::exchange(servers_.front().refusal, text) == text;
}

bool ServerPool::discover(const std::vector<std::string>& urls) {
  bool is_new = false;
  for (const std::string& text : urls) {
    // The cluster speaks of hosts and ports only: what is known of one of its servers goes for all.
    auto url = codec::parse_server_url(
        text, servers_.empty() ? codec::ServerScheme::kNats : servers_.front().url.scheme);
    if (!url) continue;  // a server's mistake is no reason to lose it
    const auto same = [&](const Server& server) {
      return server.url.host == url->host && server.url.port == url->port;
    };
    if (std::ranges::any_of(servers_, same)) continue;
    servers_.push_back({.url = *std::move(url), .discovered = true});
    is_new = true;
  }
  return is_new;
}

}  // namespace midge::detail
