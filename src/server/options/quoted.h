// A text in double quotes as Go's %q shows it: so that an error text shows what cannot be seen.
#pragma once

#include <string>
#include <string_view>

namespace midge::server {

// Quotes, backslashes and what is not printable are escaped: `"a\"b"`, `"\n"`, `"\x01"`,
// `"\u00a0"`.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace midge::server
