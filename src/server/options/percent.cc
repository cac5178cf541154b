#include "server/options/percent.h"

#include <charconv>
#include <system_error>

namespace midge::server {

std::optional<std::int64_t> percent_in(std::string_view text, std::string_view& digits) {
  if (text.ends_with('%')) text.remove_suffix(1);
  digits = text;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc{} || end != text.end()) return std::nullopt;
  return number;
}

}  // namespace midge::server
