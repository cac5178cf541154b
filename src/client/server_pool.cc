#include "client/server_pool.h"

#include <algorithm>
#include <span>
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
  if (urls.empty() || servers_.empty()) return false;
  const codec::ServerUrl at_hand = servers_.front().url;
  std::unordered_set<std::string> known, told;
  for (const Server& server : servers_) known.insert(server.url.host_and_port());
  bool is_new = false;
  for (const std::string& text : std::span(urls).first(std::min(urls.size(), kToldMax))) {
    // The cluster speaks of hosts and ports only: what is known of one of its servers goes for all.
    auto url = codec::parse_server_url(text, at_hand.scheme);
    if (!url) continue;  // a server's mistake is no reason to lose it
    if (url->path.empty()) url->path = at_hand.path;
    told.insert(url->host_and_port());
    if (!known.insert(url->host_and_port()).second) continue;
    servers_.push_back({.url = *std::move(url), .discovered = true});
    is_new = true;
  }
  if (!told.empty()) forget_all_but(told);
  return is_new;
}

void ServerPool::forget_all_but(const std::unordered_set<std::string>& told) {
  const auto gone = [&](const Server& server) {
    return server.discovered && !told.contains(server.url.host_and_port());
  };
  servers_.erase(std::remove_if(servers_.begin() + 1, servers_.end(), gone), servers_.end());
}

}  // namespace midge::detail
