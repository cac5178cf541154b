// A JSON text without the blanks between its tokens. What is not JSON comes out as something that
// is not either. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace midge::codec {

[[nodiscard]] std::string compact_json(std::string_view json);

}  // namespace midge::codec
