// Who this server is, as monitoring tells it. Immutable once handed over; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace midge::server {

struct MonitorIdentity {
  std::string server_id, server_name;
  std::string version;         // the compatibility version
  std::string go, git_commit;  // as INFO says them
  std::string midge_version;
  WallTime start;
  std::string host;  // what clients are told
  int port = 0;
  std::string ip;  // "" = not told
  std::vector<std::string> connect_urls;
};

}  // namespace midge::server
