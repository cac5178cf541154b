// What takes more than one option of a file, or other files, to decide: asked once all of the
// document is read.
#pragma once

#include "codec/conf/sources.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

void check_document(const conf::Document& document, const conf::Sources& sources, Options& options,
                    Findings& findings);

}  // namespace midge::server
