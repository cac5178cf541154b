// A blocking connection whose every call gets what is left of the time for all of them.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "io/address.h"
#include "io/blocking_stream.h"

namespace midge::io {

Result<std::unique_ptr<BlockingStream>> dial(const Address& address, Duration timeout);

}  // namespace midge::io
