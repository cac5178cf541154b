// Values of the configuration file that need more than a type: one reader each.
#pragma once

#include <string>

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// `4222`, or `"host:4222"`. An integer leaves the host alone.
void read_address(const conf::Member& member, std::string& host, int& port, Findings& findings);

void read_listen(const conf::Member& member, Options& options, Findings& findings);
void read_http(const conf::Member& member, Options& options, Findings& findings);
void read_https(const conf::Member& member, Options& options, Findings& findings);
void read_server_name(const conf::Member& member, Options& options, Findings& findings);
void read_server_tags(const conf::Member& member, Options& options, Findings& findings);
void read_server_metadata(const conf::Member& member, Options& options, Findings& findings);
void read_feature_flags(const conf::Member& member, Options& options, Findings& findings);
void read_max_connections(const conf::Member& member, Options& options, Findings& findings);
void read_max_sub_tokens(const conf::Member& member, Options& options, Findings& findings);
void read_write_timeout(const conf::Member& member, Options& options, Findings& findings);
void read_lame_duck_duration(const conf::Member& member, Options& options, Findings& findings);
void read_lame_duck_grace_period(const conf::Member& member, Options& options, Findings& findings);
void read_loops(const conf::Member& member, Options& options, Findings& findings);
void read_slow_consumer_policy(const conf::Member& member, Options& options, Findings& findings);
void read_log_format(const conf::Member& member, Options& options, Findings& findings);
void read_connection_placement(const conf::Member& member, Options& options, Findings& findings);

// For parts that do not exist yet: refuses whatever would turn them on.
void refuse(const conf::Member& member, Options& options, Findings& findings);
// The same, but `false` is fine.
void refuse_unless_false(const conf::Member& member, Options& options, Findings& findings);

}  // namespace midge::server
