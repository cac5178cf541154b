// Flags that stand for a block of the file: `--user --pass --auth`, `--tls --tlscert …`.
#pragma once

#include "base/result.h"
#include "codec/conf/sources.h"
#include "server/options/flags.h"
#include "server/options/options.h"

namespace midge::server {

// A users array in the file is stronger than these flags, as in nats-server.
void apply_login_flags(const ParsedFlags& flags, Options& options);

// One of them replaces all of the file's block. Errors: what is missing, or wrong with the files.
[[nodiscard]] Result<void> apply_tls_flags(const ParsedFlags& flags, const conf::Sources& sources,
                                           Options& options);

}  // namespace midge::server
