// All subscriptions of one loop, by slot. A Target names a slot and the generation it had.
//
// Slots have stable addresses; a freed slot's generation moves on, so that old targets find
// nothing. Thread: the loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "broker/subscription.h"
#include "subject/target.h"

namespace midge::broker {

class SubscriptionTable {
 public:
  explicit SubscriptionTable(LoopId loop) : loop_(loop) {}

  // A free slot, its generation and slot number set.
  Subscription& allocate() {
    if (free_.empty()) grow();
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    ++size_;
    return at(slot);
  }
  void release(Subscription& subscription) {
    const std::uint32_t slot = subscription.slot;
    const std::uint32_t generation =
        (subscription.generation + 1) & subject::Target::kGenerationMask;
    subscription = Subscription{};
    subscription.slot = slot;
    subscription.generation = generation;
    free_.push_back(slot);
    --size_;
  }

  // Null if the target is stale.
  [[nodiscard]] Subscription* find(subject::Target target) {
    Subscription& subscription = at(target.slot());
    const bool current =
        subscription.generation == target.generation() && subscription.client != nullptr;
    return current ? &subscription : nullptr;
  }
  // `target` may be stale.
  void prefetch(subject::Target target) { __builtin_prefetch(&at(target.slot())); }
  [[nodiscard]] Subscription& at(std::uint32_t slot) {
    return (*chunks_[slot / kPerChunk])[slot % kPerChunk];
  }
  [[nodiscard]] subject::Target target_of(const Subscription& subscription) const {
    return {loop_, subscription.slot, subscription.generation};
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  // All slots there are, free ones too.
  [[nodiscard]] std::size_t slots() const { return chunks_.size() * kPerChunk; }
  [[nodiscard]] LoopId loop() const { return loop_; }

 private:
  static constexpr std::size_t kPerChunk = 256;
  using Chunk = std::array<Subscription, kPerChunk>;

  void grow() {
    const auto base = static_cast<std::uint32_t>(chunks_.size() * kPerChunk);
    chunks_.push_back(std::make_unique<Chunk>());
    free_.reserve(free_.size() + kPerChunk);
    for (std::uint32_t i = kPerChunk; i-- > 0;) {
      at(base + i).slot = base + i;
      free_.push_back(base + i);
    }
  }

  LoopId loop_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace midge::broker
