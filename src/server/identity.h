// Who this server is, fixed at start.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace midge::server {

struct Identity {
  std::string id;               // public server nkey, new at each start
  std::string xkey;             // public curve key
  std::string name;             // server_name, or the id
  std::string host;             // as configured
  int port = 0;                 // as bound
  std::string advertised_host;  // what clients are told instead; "" = the above
  int advertised_port = 0;
  std::vector<std::string> connect_urls;
  // What clients and monitoring are told.
  [[nodiscard]] const std::string& told_host() const {
    return advertised_host.empty() ? host : advertised_host;
  }
  [[nodiscard]] int told_port() const { return advertised_host.empty() ? port : advertised_port; }
  WallTime started;
};

}  // namespace midge::server
