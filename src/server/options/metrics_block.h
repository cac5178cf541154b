// `metrics { exporter_names: true }`
#pragma once

#include <string>

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

void read_metrics(const conf::Member& member, Options& options, Findings& findings);
[[nodiscard]] std::string show_metrics(const Options& options);

}  // namespace midge::server
