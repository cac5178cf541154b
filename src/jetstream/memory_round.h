// Goes round the streams of a loop, a few in each tick: counts what they hold in memory, and while
// memory is short has them let go of what they can do without. Only where there is a memory_limit.
// Thread: its loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "jetstream/fwd.h"
#include "store/ids.h"

namespace midge::jetstream {

// Bytes.
struct MemoryUse {
  std::int64_t blocks = 0;    // messages that are in memory, and where all others are
  std::int64_t subjects = 0;  // what is known of each subject
  std::int64_t ids = 0;       // of messages, to know duplicates
};

class MemoryRound {
 public:
  explicit MemoryRound(Shard& shard) : shard_(shard) {}

  void on_tick();
  // Memory is short.
  void give_way() { gives_way_ = true; }

 private:
  void begin();
  void end();

  Shard& shard_;
  std::vector<store::StreamId> left_;
  bool under_way_ = false;
  bool gives_way_ = false;
  MemoryUse sum_, told_;
  MonoTime ended_{};
};

}  // namespace midge::jetstream
