// A client's subscriptions by sid: slots of the loop's table in an open-addressing array of four
// bytes an entry. The texts to compare lie in the subscriptions. Thread: the loop's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/subscription_table.h"

namespace midge::broker {

class SidTable {
 public:
  [[nodiscard]] Subscription* find(SubscriptionTable& table, std::string_view sid) const {
    if (size_ == 0) return nullptr;
    for (std::size_t i = home(sid);; i = next(i)) {
      if (slots_[i] == kFree) return nullptr;
      Subscription& subscription = table.at(slots_[i]);
      if (subscription.sid.text() == sid) return &subscription;
    }
  }

  // The sid must not be in the table.
  void insert(SubscriptionTable& table, const Subscription& subscription) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow(table);
    place(subscription);
    ++size_;
  }

  void erase(SubscriptionTable& table, const Subscription& subscription) {
    std::size_t hole = home(subscription.sid.text());
    while (slots_[hole] != subscription.slot) hole = next(hole);
    // Closes the gap, so that no tombstones gather under churn.
    for (std::size_t i = next(hole); slots_[i] != kFree; i = next(i)) {
      const std::size_t wanted = home(table.at(slots_[i]).sid.text());
      const bool may_move =
          hole <= i ? (wanted <= hole || wanted > i) : (wanted <= hole && wanted > i);
      if (!may_move) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = kFree;
    if (--size_ == 0) slots_ = {};
  }

  template <class Function>
  void for_each(SubscriptionTable& table, Function function) const {
    for (std::uint32_t slot : slots_)
      if (slot != kFree) function(table.at(slot));
  }
  [[nodiscard]] std::vector<std::uint32_t> slots() const {
    std::vector<std::uint32_t> used;
    used.reserve(size_);
    for (const std::uint32_t slot : slots_)
      if (slot != kFree) used.push_back(slot);
    return used;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t kFree = ~0U;

  [[nodiscard]] std::size_t home(std::string_view sid) const {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
    for (char c : sid) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return (hash ^ (hash >> 29)) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  void place(const Subscription& subscription) {
    std::size_t i = home(subscription.sid.text());
    while (slots_[i] != kFree) i = next(i);
    slots_[i] = subscription.slot;
  }
  void grow(SubscriptionTable& table) {
    std::vector<std::uint32_t> old(slots_.empty() ? 4 : slots_.size() * 2, kFree);
    old.swap(slots_);
    for (std::uint32_t slot : old)
      if (slot != kFree) place(table.at(slot));
  }

  std::vector<std::uint32_t> slots_;
  std::size_t size_ = 0;
};

}  // namespace midge::broker
