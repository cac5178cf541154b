// Which servers a request in the system account is for, as its body says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/system/server_json.h"

namespace midge::server {

struct ServerFilter {
  std::string name, host, domain;  // parts of it, unless `exact`
  std::string cluster;             // of which this server has none
  std::vector<std::string> tags;   // all of them
  bool exact = false;

  // An empty body is for everybody.
  static Result<ServerFilter> parse(std::string_view body);
  [[nodiscard]] bool matches(const ServerFacts& facts) const;
};

}  // namespace midge::server
