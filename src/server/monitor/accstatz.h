// `/accstatz`: how much each account is used. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_writer.h"
#include "server/monitor/accountz.h"
#include "server/monitor/gather.h"
#include "server/monitor/query.h"

namespace midge::server {

struct AccstatzRequest {
  bool unused = false;                // accounts that nobody is in, too
  std::vector<std::string> accounts;  // none: all; HTTP cannot ask for some
};

// Errors are the body of a 400.
[[nodiscard]] Result<AccstatzRequest> parse_accstatz(const Query& query);

// What it is composed of.
[[nodiscard]] inline Wanted wanted_for_accstatz() { return {.open = true, .subscriptions = true}; }

void write_accstatz(codec::JsonWriter& json, const AccstatzRequest& request,
                    const Accountz& accountz, const Parts& parts);
[[nodiscard]] std::string compose_accstatz(const AccstatzRequest& request, const Accountz& accountz,
                                           const Parts& parts, bool pretty = true);
// One account's entry alone. Error: it does not exist.
[[nodiscard]] Result<std::string> compose_account_stat(std::string_view account,
                                                       const Accountz& accountz,
                                                       const Parts& parts);

}  // namespace midge::server
