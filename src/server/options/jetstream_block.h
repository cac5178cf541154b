// `jetstream`, at the top of the file and within an account.
#pragma once

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// The server's own folder, at the top or within `jetstream`, once.
void read_store_dir(const conf::Member& member, Options& options, Findings& findings);
void read_jetstream(const conf::Member& member, Options& options, Findings& findings);
// `default_js_domain`, beside it.
void read_default_domains(const conf::Member& member, Options& options, Findings& findings);
// Of an account: whether it may use JetStream, and how much of it.
void read_account_jetstream(const conf::Member& member, broker::AccountConfig& account,
                            Findings& findings);

}  // namespace midge::server
