// What waits for the disk before it may leave this loop: acknowledgements and replies, each with
// the journal position it rests on. They leave in order. Thread: the loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/ids.h"

namespace midge::jetstream {

struct Effect {
  store::JournalPosition after;  // may leave when the journal is durable to here
  AccountId account;
  std::string to, reply;
  std::string payload;  // header block first
  std::uint32_t header_size = 0;
};

class EffectQueue {
 public:
  void add(Effect effect) {
    bytes_ += effect.payload.size() + effect.to.size();
    waiting_.push_back(std::move(effect));
  }
  // Calls send(const Effect&) for those that may leave.
  template <class Send>
  void release(store::JournalPosition durable, Send&& send) {
    while (!waiting_.empty() && waiting_.front().after <= durable) {
      bytes_ -= waiting_.front().payload.size() + waiting_.front().to.size();
      send(waiting_.front());
      waiting_.pop_front();
    }
  }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::deque<Effect> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace midge::jetstream
