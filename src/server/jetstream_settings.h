// JetStream as the options want it: what is left out is filled in from the machine, and said in
// the log.
#pragma once

#include <memory>
#include <string>

#include "jetstream/jetstream.h"
#include "server/identity.h"
#include "server/options/options.h"

namespace midge::server {

class OperatorMode;

[[nodiscard]] jetstream::Settings jetstream_settings(const Options& options,
                                                     const Identity& identity, io::Env& env);

// Starts it, with the lines in the log that nats-server has, too. Before the loops start; `env`,
// `log`, `broker` and `operators` outlive it. Errors: `Can't start JetStream: ...`.
// `operators`: by whose claims accounts may use it, besides those in `options`; null: by nobody's.
Result<std::unique_ptr<jetstream::JetStream>> start_jetstream(io::Env& env, Log& log,
                                                              broker::Broker& broker,
                                                              const Options& options,
                                                              const Identity& identity,
                                                              OperatorMode* operators);

// On loop 0. What was found at the start stays as it was found.
void reload_jetstream(jetstream::JetStream& jetstream, const Options& options,
                      const Identity& identity, io::Env& env);

// `$JS.<domain>.API.…` reaches what `$JS.API.…` reaches, in each account: its mappings.
[[nodiscard]] std::vector<broker::MappingConfig> domain_mappings(const std::string& domain);

}  // namespace midge::server
