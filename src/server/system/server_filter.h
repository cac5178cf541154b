// Which servers a request in the system account is for, as its body says.
#pragma once

#include <string>
#include <vector>

#include "codec/json_tree.h"
#include "server/system/server_json.h"

namespace midge::server {

struct ServerFilter {
  std::string name, host, domain;  // parts of it, unless `exact`
  std::string cluster;             // of which this server has none
  std::vector<std::string> tags;   // all of them
  bool exact = false;

  // Of a body whose members are of the right types. Without any it is for everybody.
  static ServerFilter of(const codec::JsonValue& body);
  [[nodiscard]] bool matches(const ServerFacts& facts) const;
};

}  // namespace midge::server
