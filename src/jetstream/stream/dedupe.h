// Message ids seen within a stream's window, with the sequence each was given. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <tsl/robin_map.h>

#include "base/time.h"
#include "store/ids.h"

namespace midge::jetstream {

class Dedupe {
 public:
  void add(std::string_view id, store::Sequence sequence, WallTime time) {
    if (!seen_.try_emplace(std::string(id), sequence).second) return;
    order_.push_back({std::string(id), time});
    bytes_ += 2 * id.size() + kEntryBytes;
  }
  [[nodiscard]] std::optional<store::Sequence> find(std::string_view id) const {
    const auto found = seen_.find(id);
    if (found == seen_.end()) return std::nullopt;
    return found->second;
  }
  // Forgets what is older.
  void expire(WallTime before) {
    while (!order_.empty() && order_.front().time < before) {
      bytes_ -= 2 * order_.front().id.size() + kEntryBytes;
      seen_.erase(order_.front().id);
      order_.pop_front();
    }
  }
  [[nodiscard]] std::size_t size() const { return seen_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  template <class Visit>
  void for_each(Visit&& visit) const {  // (id, sequence, time), the oldest first
    for (const Entry& entry : order_) visit(entry.id, seen_.at(entry.id), entry.time);
  }

 private:
  static constexpr std::size_t kEntryBytes = 128;
  struct Entry {
    std::string id;
    WallTime time;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };
  tsl::robin_map<std::string, store::Sequence, Hash, Equal> seen_;
  std::deque<Entry> order_;
  std::size_t bytes_ = 0;
};

}  // namespace midge::jetstream
