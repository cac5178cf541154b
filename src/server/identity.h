// Who this server is, fixed at start.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
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
  // How many events it has told of, which numbers them. Any thread.
  std::shared_ptr<std::atomic<std::uint64_t>> events =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace midge::server
