// One request to a server and its whole answer, blocking.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "io/address.h"

namespace midge::io {

Result<std::string> exchange(const Address& address, std::string_view request, Duration timeout,
                             std::size_t answer_max);

}  // namespace midge::io
