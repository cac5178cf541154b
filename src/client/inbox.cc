#include "client/inbox.h"

#include <charconv>

namespace midge::detail {

std::string inbox_of(std::string_view prefix, RequestToken token) {
  const std::uint64_t number = std::uint64_t{token.generation} << 32 | token.slot;
  char digits[16];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  std::string subject;
  subject.reserve(prefix.size() + sizeof digits);
  subject.append(prefix).append(std::string_view(digits, end));
  return subject;
}

std::optional<RequestToken> token_of(std::string_view subject) {
  const std::string_view digits = subject.substr(subject.rfind('.') + 1);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return RequestToken{.slot = static_cast<std::uint32_t>(number),
                      .generation = static_cast<std::uint32_t>(number >> 32)};
}

}  // namespace midge::detail
