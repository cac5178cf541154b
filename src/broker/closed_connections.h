// What monitoring tells of connections that have ended: the last so many of one loop, each with a
// number that stays its own. Thread: the loop's; a record may be read anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "broker/stats.h"

namespace midge::broker {

using ClosedConnection = std::shared_ptr<const ConnectionInfo>;

class ClosedConnections {
 public:
  // Of older ones, as many are let go as there are more than `most`.
  void add(ConnectionInfo info, std::size_t most) {
    records_.push_back(std::make_shared<const ConnectionInfo>(std::move(info)));
    for (; records_.size() > most; ++first_) records_.pop_front();
  }
  void clear() {
    first_ = end();
    records_.clear();
  }

  // The numbers kept are [first, end).
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t end() const { return first_ + records_.size(); }
  // Null: it was let go.
  [[nodiscard]] ClosedConnection at(std::uint64_t number) const {
    return number < first_ ? nullptr : records_[number - first_];
  }
  // Null: it is not known. Quick for one that ended lately.
  [[nodiscard]] ClosedConnection find(std::uint64_t cid) const {
    for (auto record = records_.rbegin(); record != records_.rend(); ++record)
      if ((*record)->cid == cid) return *record;
    return nullptr;
  }

 private:
  std::deque<ClosedConnection> records_;
  std::uint64_t first_ = 0;
};

}  // namespace midge::broker
