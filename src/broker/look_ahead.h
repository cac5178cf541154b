// Looks at the publishes that wait in the input behind the one at hand, so that what the interest
// index will read for them is on its way when their turn comes. With many subjects a lookup is
// little else than waiting for memory; four at once wait together.
//
// Hints only: nothing depends on them. Thread: the loop's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "broker/subscription_table.h"
#include "proto/client_parser.h"
#include "subject/interest_index.h"

namespace midge::broker {

class LookAhead {
 public:
  // `rest` is what follows the frame at hand. Called for each publish in turn.
  void step(const subject::InterestIndex& index, AccountId account, std::string_view rest,
            const proto::ParserLimits& limits, SubscriptionTable& subscriptions) {
    const bool goes_on =
        first_ < last_ && unseen_.data() > rest.data() && end_of(unseen_) == end_of(rest);
    if (goes_on) {
      ++first_;
    } else {
      unseen_ = rest;
      first_ = last_ = 0;
    }
    std::string_view subject;
    while (last_ - first_ < kDepth && proto::skip_publish(unseen_, limits, subject))
      hints_[last_++ % kDepth] = index.prefetch(account, subject);
    // What each step reads was asked for two frames ago.
    if (last_ - first_ > 2) index.prefetch_interest(hints_[(first_ + 2) % kDepth]);
    if (last_ == first_) return;
    const auto target = index.probable_target(hints_[first_ % kDepth]);
    if (target && target->loop() == subscriptions.loop()) subscriptions.prefetch(*target);
  }

 private:
  static constexpr std::size_t kDepth = 5;

  static const char* end_of(std::string_view text) { return text.data() + text.size(); }

  std::string_view unseen_;  // behind the last frame looked at; compared, never read when stale
  std::size_t first_ = 0;    // the next frame; hints_[first_, last_) are of the frames in between
  std::size_t last_ = 0;
  std::array<std::uint64_t, kDepth> hints_{};
};

}  // namespace midge::broker
