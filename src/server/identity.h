// Who this server is, fixed at start.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace midge::server {

struct Identity {
  std::string id;      // public server nkey, new at each start
  std::string xkey;    // public curve key
  std::string name;    // server_name, or the id
  std::string host;    // as configured
  int port = 0;        // as bound
  std::vector<std::string> connect_urls;
  WallTime started;
};

}  // namespace midge::server
