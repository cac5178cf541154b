// From the tree of a configuration file to Options, row by row of the table.
#pragma once

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// `options` keeps its values where the file says nothing. With errors among the findings it is not
// to be used.
void apply_file(const conf::Document& document, Options& options, Findings& findings);

}  // namespace midge::server
