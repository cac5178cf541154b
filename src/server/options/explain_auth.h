// `--explain-auth USER SUBJECT`: what a user of the configuration may do with a subject, and which
// rule says so. The file is read and checked, no server is started.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/options/options.h"

namespace midge::server {

struct ExplainRequest {
  std::string user;     // a name or an nkey
  std::string subject;  // or `subject queue`, to subscribe with
};

// Takes the flag and its two arguments out of `arguments`, wherever they stand. Nothing: it is not
// among them, or lacks an argument.
[[nodiscard]] std::optional<ExplainRequest> take_explain_request(
    std::vector<std::string>& arguments);

// Lines of text. Errors: no such user, or a subject that is not valid.
[[nodiscard]] Result<std::string> explain_auth(const Options& options,
                                               const ExplainRequest& request);

}  // namespace midge::server
