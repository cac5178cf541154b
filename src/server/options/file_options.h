// From the tree of a configuration file to Options, row by row of the table.
#pragma once

#include "codec/conf/sources.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// `options` keeps its values where the file says nothing. With errors among the findings it is not
// to be used. `sources` is where the files are read that the document names.
void apply_file(const conf::Document& document, const conf::Sources& sources, Options& options,
                Findings& findings);

}  // namespace midge::server
