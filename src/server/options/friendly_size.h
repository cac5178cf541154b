// Sizes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace midge::server {

// `953.67 MB`, as nats-server shows sizes.
[[nodiscard]] std::string friendly_size(std::int64_t bytes);

}  // namespace midge::server
