// Texts about the options, made from the table.
#pragma once

#include <string>

namespace midge::server {

[[nodiscard]] std::string usage_text();      // `--help`
[[nodiscard]] std::string version_text();    // `--version`
[[nodiscard]] std::string tls_help_text();   // `--help_tls`
[[nodiscard]] std::string reference_text();  // `--help_options`: docs/options.md

}  // namespace midge::server
