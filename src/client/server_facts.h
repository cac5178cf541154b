// INFO as a client reads it. What is not told keeps its value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::detail {

struct ServerFacts {
  std::string server_id, server_name, version, cluster;
  bool headers = false;
  bool auth_required = false;
  bool tls_required = false, tls_available = false;
  std::int64_t max_payload = 1 << 20;
  std::string nonce;
  std::vector<std::string> connect_urls;
  bool lame_duck = false;
  bool jetstream = false;
  std::uint64_t client_id = 0;
  std::string client_ip;
};

// Overlays what `json` says. Errors: not an object, or a value of a wrong type.
Result<void> read_info(std::string_view json, ServerFacts& facts);

}  // namespace midge::detail
