// Operator mode: who is trusted to make accounts, and where their claims come from.
#pragma once

#include "codec/conf/sources.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// Only the types: load_operators() reads what it names.
void read_operators(const conf::Member& member, Options& options, Findings& findings);
void read_trusted_keys(const conf::Member& member, Options& options, Findings& findings);
void read_resolver(const conf::Member& member, Options& options, Findings& findings);
void read_resolver_preload(const conf::Member& member, Options& options, Findings& findings);
void read_resolver_pinned_accounts(const conf::Member& member, Options& options,
                                   Findings& findings);
void read_default_sentinel(const conf::Member& member, Options& options, Findings& findings);

// Operators' tokens, from files where they are named by path. What a single operator's claim says
// of the system account and the resolver holds where the file says nothing.
void load_operators(const conf::Document& document, const conf::Sources& sources, Options& options,
                    Findings& findings);

}  // namespace midge::server
