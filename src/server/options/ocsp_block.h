// `ocsp`, `ocsp_cache`, and `ocsp_peer` of a `tls` block.
#pragma once

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"
#include "tls/tls_config.h"

namespace midge::server {

void read_ocsp(const conf::Member& member, Options& options, Findings& findings);
void read_ocsp_cache(const conf::Member& member, Options& options, Findings& findings);
void read_ocsp_peer(const conf::Member& member, tls::OcspPeerRules& rules, Findings& findings);

}  // namespace midge::server
