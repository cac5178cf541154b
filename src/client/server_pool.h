// Which server is next, and when: all that are known, in the order in which they are tried.
//
// Knows no clock and no connection; random draws are given to it. Thread: the connection's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "codec/server_url.h"

namespace midge::detail {

struct PoolRules {
  int attempts_max = 60;  // in a row; < 0 = for ever
  Duration wait{};        // between two attempts at the same server
};

class ServerPool {
 public:
  struct Server {
    codec::ServerUrl url;
    bool discovered = false;
    bool wants_secure = false;  // it has said so
    int failures = 0;           // since the last success
    MonoTime not_before{};
    std::string refusal;  // of the last login
  };

  ServerPool(std::vector<codec::ServerUrl> urls, PoolRules rules);

  // The order of those that the user has named, by numbers of their own.
  template <class Random>
  void shuffle(Random&& random) {
    for (std::size_t i = servers_.size(); i > 1; --i)
      std::swap(servers_[i - 1], servers_[random() % i]);
  }

  // The one to try now or at its `not_before`, the earliest first; none: all are exhausted.
  [[nodiscard]] Server* next();
  // The one that next() gave last. It stands first.
  void on_connected();
  // Goes to the end; away with it if it has had its attempts. `jitter`: added to the wait.
  void on_failed(MonoTime now, Duration jitter);
  // It was connected and is not any more.
  void on_lost(MonoTime now, Duration jitter);
  // The server has refused who logs in; true if it did so, in the same words, the time before.
  bool on_refused(const std::string& text);
  // What the cluster tells of itself, instead of what it told before; true if there is somebody
  // new. Of a list beyond all reason the first ones count.
  bool discover(const std::vector<std::string>& urls);

  [[nodiscard]] const std::vector<Server>& servers() const { return servers_; }
  [[nodiscard]] bool empty() const { return servers_.empty(); }

 private:
  static constexpr std::size_t kToldMax = 1000;
  // Those that the cluster does not speak of any more, but for the one at hand.
  void forget_all_but(const std::unordered_set<std::string>& told);
  void to_the_end(MonoTime now, Duration jitter);

  PoolRules rules_;
  std::vector<Server> servers_;
};

}  // namespace midge::detail
