// The ports file: where this server's listeners are, for whoever started it with port -1.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"

namespace midge::server {

struct ListenerUrls {
  std::vector<std::string> nats, monitoring, websocket;
};

// `<directory>/<executable>_<pid>.ports`.
std::string ports_file_path(io::Process& process, const std::string& directory);
Result<void> write_ports_file(io::Env& env, const std::string& path, const ListenerUrls& urls);
// `scheme://host:port` for each address that a listener on `host` can be reached at.
std::vector<std::string> listener_urls(io::Net& net, const std::string& scheme,
                                       const std::string& host, int port);

}  // namespace midge::server
