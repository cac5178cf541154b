// `authorization {}` and what stands beside it: `no_auth_user`, `proxies`.
#pragma once

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

void read_authorization(const conf::Member& member, Options& options, Findings& findings);
void read_no_auth_user(const conf::Member& member, Options& options, Findings& findings);
void read_proxies(const conf::Member& member, Options& options, Findings& findings);

// A single user or a token leaves no room for users of accounts.
void check_single_user(const conf::Document& document, const Options& options, Findings& findings);

}  // namespace midge::server
