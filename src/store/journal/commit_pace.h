// When the next batch of a journal goes out. Publishers who wait for acknowledgements fall into two
// groups, each of which gathers while the other's batch is synced. This makes one of them, which
// halves the syncs and delays nobody: after a sync the next batch waits for those who have been
// answered by it, no longer than that sync took. Where they do not come back in time, it does not
// wait again for a while.
//
// Thread: the journal's loop.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/time.h"

namespace midge::store {

class CommitPace {
 public:
  // A batch of that many records was synced; so many more have gathered meanwhile.
  void on_synced(std::size_t records, std::size_t gathered, Duration took, MonoTime now) {
    if (skips_ > 0) {
      --skips_;
      return;
    }
    wanted_ = (records + gathered) - (records + gathered) / 8;
    until_ = now + std::min(took, kWaitMax);
  }

  // Whether what has gathered goes out now. If not, it is asked again at until() at the latest.
  [[nodiscard]] bool is_due(std::size_t gathered, MonoTime now) {
    if (wanted_ == 0) return true;
    const bool all_came = gathered >= wanted_;
    if (!all_came && now < until_) return false;
    if (all_came) {
      pause_ = 1;
    } else {
      skips_ = pause_;
      pause_ = std::min(2 * pause_, kPauseMax);
    }
    wanted_ = 0;
    return true;
  }
  [[nodiscard]] MonoTime until() const { return until_; }

 private:
  static constexpr Duration kWaitMax = milliseconds(1);
  static constexpr unsigned kPauseMax = 256;

  std::size_t wanted_ = 0;  // records; 0: it does not wait
  MonoTime until_;
  unsigned skips_ = 0;  // so many syncs are not waited after
  unsigned pause_ = 1;  // the next time that nobody comes
};

}  // namespace midge::store
