// What must hold between accounts: whoever is named exists, what is imported is exported to the
// importer, and nothing is imported in a circle.
#pragma once

#include <string>
#include <vector>

#include "server/options/options.h"

namespace midge::server {

// In nats-server's words and order: exports, then imports; streams before services.
[[nodiscard]] std::vector<std::string> account_errors(const Options& options);

}  // namespace midge::server
