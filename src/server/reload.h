// What of a changed configuration a running server can take over.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "server/options/options.h"

namespace midge::server {

// Errors: the first option that differs and cannot change while the server runs, as the peer words it.
Result<void> check_reload(const Options& old_options, const Options& new_options);
// A line `Reloaded: name = value` for each option that changed.
void log_reload(Log& log, const Options& old_options, const Options& new_options);

}  // namespace midge::server
