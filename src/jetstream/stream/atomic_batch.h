// Messages that become part of a stream all at once, or not at all (ADR-50): gathered by the id
// that their publisher gave the batch, until one of them says that it is the last.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/stream/open_batches.h"

namespace midge::jetstream {

struct StagedMessage {
  std::string subject, header, payload;
};

struct AtomicBatch {
  static constexpr BatchLimits kLimits{50, 1000, 1000, seconds(10)};

  std::vector<StagedMessage> messages;
  MonoTime last{};
};

using AtomicBatches = OpenBatches<AtomicBatch>;

}  // namespace midge::jetstream
