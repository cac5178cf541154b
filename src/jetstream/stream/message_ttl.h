// How long a message stays by its own wish (header Nats-TTL), and whose time has come.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "store/ids.h"

namespace midge::jetstream {

// Whole seconds, or a duration of a second at least; zero: for ever (`never`). Nullopt: neither.
std::optional<Duration> parse_ttl(std::string_view text);
WallTime expiry_of(WallTime stored, Duration ttl);

// Messages by when they expire. Those that went otherwise are found out when their time comes.
class Expiries {
 public:
  void add(store::Sequence sequence, WallTime at) { queue_.push({at, sequence}); }
  [[nodiscard]] bool empty() const { return queue_.empty(); }
  [[nodiscard]] WallTime next() const { return queue_.top().at; }
  store::Sequence take() {
    const store::Sequence sequence = queue_.top().sequence;
    queue_.pop();
    return sequence;
  }

 private:
  struct Entry {
    WallTime at;
    store::Sequence sequence;
    bool operator<(const Entry& other) const {
      return at > other.at || (at == other.at && sequence > other.sequence);
    }
  };
  std::priority_queue<Entry> queue_;
};

}  // namespace midge::jetstream
