// What earlier runs left to one loop, and what it records in this one.
#pragma once

#include <memory>
#include <vector>

#include "jetstream/checkpointing.h"
#include "jetstream/recovery.h"
#include "jetstream/stream/stream.h"
#include "store/journal/journal.h"

namespace midge::jetstream {

struct Heritage {
  struct LeftStream {
    Stream::Identity identity;
    RecoveredStream recovered;
    bool suspended = false;  // its account has no JetStream now
  };
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<Checkpointing> checkpointing;
  std::vector<LeftStream> streams;
};

}  // namespace midge::jetstream
