// What a failed system call means to the rooms above.
#pragma once

#include <string>

#include "base/result.h"

namespace midge::io {

// The system's text in lower case, as nats-server shows it: `no such file or directory`.
std::string system_text(int error);
ErrorCode system_code(int error);
// `context: system text`
std::unexpected<Error> system_failure(std::string_view context, int error);

}  // namespace midge::io
