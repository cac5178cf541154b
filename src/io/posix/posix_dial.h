// Connections to others: blocking ones, whose every call gets what is left of the time for all of
// them, and those of loops.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "io/address.h"
#include "io/blocking_stream.h"
#include "io/stream.h"

namespace midge::io {

Result<std::unique_ptr<BlockingStream>> dial(const Address& address, Duration timeout);
// For a loop; it blocks no more once it is made.
Result<std::unique_ptr<Stream>> dial_for_loop(const Address& address, Duration timeout);

}  // namespace midge::io
