// What was found damaged in the store since the server started, beside what streams say that they
// lost. The log has each case, and quarantine/ each file.
#pragma once

#include <cstdint>

namespace midge::jetstream {

struct Damage {
  std::uint64_t files = 0;         // that were damaged or missing
  std::uint64_t record_bytes = 0;  // of records that journals lost
};

}  // namespace midge::jetstream
