// `tls {}` blocks, and what the TLS flags stand for.
#pragma once

#include <optional>

#include "codec/conf/sources.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"
#include "tls/tls_config.h"

namespace midge::server {

// `tls` of the client listener.
void read_tls(const conf::Member& member, Options& options, Findings& findings);
// Any other; nothing if it is no block.
[[nodiscard]] std::optional<tls::TlsConfig> read_tls_config(const conf::Member& member,
                                                            Findings& findings);
void read_resolver_tls(const conf::Member& member, Options& options, Findings& findings);

// Reads the files that the configuration names. Errors: nats-server's texts.
[[nodiscard]] Result<void> check_tls_files(const tls::TlsConfig& config,
                                           const conf::Sources& sources);

}  // namespace midge::server
