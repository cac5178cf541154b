// A text in double quotes as Go's %q shows it, so that a log line or error shows what cannot be
// seen.
#pragma once

#include <string>
#include <string_view>

namespace midge::codec {

// Quotes, backslashes and what is not printable are escaped: `"a\"b"`, `"\n"`, `"\x01"`,
// `"\u00a0"`.
[[nodiscard]] std::string go_quoted(std::string_view text);

}  // namespace midge::codec
