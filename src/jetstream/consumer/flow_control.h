// How much a push consumer sends before the receiver has said that it is there (ADR-9). The window
// grows as it is answered, up to a limit. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace midge::jetstream {

class FlowControl {
 public:
  // As much may be on its way at most.
  static constexpr std::uint64_t kWindowMax = 32 << 20;

  // `size` bytes were sent. True: the receiver is to be asked now.
  bool sent(std::uint64_t size) {
    outstanding_ += size;
    unasked_ += size;
    ++unasked_messages_;
    if (asked_ > 0 || unasked_ <= window_ / 2) return false;
    asked_ = unasked_;
    unasked_ = 0;
    unasked_messages_ = 0;
    ++number_;
    return true;
  }
  // The answer to what was asked last.
  void answered() {
    outstanding_ -= std::min(outstanding_, asked_);
    asked_ = 0;
    window_ = std::min(window_ * 2, kWindowMax);
  }
  // Nothing more before there is an answer.
  [[nodiscard]] bool is_full() const { return asked_ > 0 && outstanding_ > window_; }
  [[nodiscard]] bool awaits_answer() const { return asked_ > 0; }
  // Counts the questions: part of the subject that answers them.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  std::uint64_t window_ = 256 << 10;
  std::uint64_t outstanding_ = 0;  // sent, and not known to be there
  std::uint64_t asked_ = 0;        // of those, covered by the question that is open
  std::uint64_t unasked_ = 0;
  std::uint64_t unasked_messages_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace midge::jetstream
