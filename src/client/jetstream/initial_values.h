// When a watch has told all that was there as it began.
//
// Thread: the loop.
#pragma once

#include <cstdint>

namespace midge::detail {

class InitialValues {
 public:
  // A consumer is there that has so many messages. True, once: all have been told.
  bool on_consumer(std::uint64_t pending) {
    expected_ = pending;
    received_ = 0;
    return check(pending);
  }
  // `pending` are behind this one. True, once, as above.
  bool on_message(std::uint64_t pending) {
    ++received_;
    return check(pending);
  }

 private:
  // Values that come meanwhile are no reason to wait.
  bool check(std::uint64_t pending) {
    if (done_ || (pending > 0 && received_ < expected_)) return false;
    done_ = true;
    return true;
  }

  std::uint64_t expected_ = 0, received_ = 0;
  bool done_ = false;
};

}  // namespace midge::detail
