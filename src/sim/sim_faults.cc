#include "sim/sim_faults.h"

#include "sim/sim_stream.h"

namespace midge::sim {

void SimFaults::lose(Loss how) {
  for (const auto& [number, stream] : streams_) stream->lose(how);
}

}  // namespace midge::sim
