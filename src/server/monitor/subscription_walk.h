// Goes through one client's subscriptions in the order of their sids (as far as their first seven
// letters tell), in pieces: there may be a hundred thousand.
//
//   walk.begin(client);
//   while (!walk.is_over()) walk.step(worker, [](const Subscription& subscription) { … });
//
// Those that come or go meanwhile may be among them or not. Thread: the client's loop.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "broker/client.h"
#include "broker/worker.h"
#include "server/monitor/step_sort.h"

namespace midge::server {

class SubscriptionWalk {
 public:
  void begin(const broker::Client& client);
  [[nodiscard]] bool is_over() const { return next_ == sorted_.size() && is_sorted_; }
  // A piece; returns about how many subscriptions it has looked at.
  std::size_t step(broker::Worker& worker, auto visit) {
    if (read_ < slots_.size()) return read_some(worker);
    if (!is_sorted_) return sort_some();
    std::size_t looked_at = 0;
    for (; looked_at < kPiece && next_ < sorted_.size(); ++looked_at)
      if (const broker::Subscription* its = find(worker, sorted_[next_++].slot)) visit(*its);
    return looked_at;
  }

 private:
  static constexpr std::size_t kPiece = 64;

  struct Place {
    std::uint64_t rank = 0;
    std::uint32_t slot = 0;
    auto operator<=>(const Place&) const = default;
  };

  std::size_t read_some(broker::Worker& worker);
  std::size_t sort_some();
  // Null: the slot is no longer one of the client's.
  [[nodiscard]] const broker::Subscription* find(broker::Worker& worker, std::uint32_t slot) const;

  std::uint64_t cid_ = 0;
  std::vector<std::uint32_t> slots_;
  std::size_t read_ = 0;
  std::vector<Place> places_;
  StepSort<Place> sort_;
  bool is_sorted_ = true;
  std::vector<Place> sorted_;
  std::size_t next_ = 0;
};

}  // namespace midge::server
