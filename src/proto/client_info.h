// INFO from a client: a client has nothing to tell, but what it sends must read as INFO.
#pragma once

#include <string_view>

namespace midge::proto {

// Whether `json` is an object whose known fields have the types they have in a server's INFO.
bool is_client_info(std::string_view json);

}  // namespace midge::proto
