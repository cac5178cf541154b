#include "server/monitor/query.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "codec/go_quoted.h"

namespace midge::server {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class NumberError : std::uint8_t { kSyntax, kRange };

// Go stops at the first digit that does not fit, so `99999999999999999999x` is out of range.
std::expected<std::uint64_t, NumberError> parse_digits(std::string_view text, std::uint64_t most) {
  if (text.empty()) return std::unexpected(NumberError::kSyntax);
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::unexpected(NumberError::kSyntax);
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (most - digit) / 10) return std::unexpected(NumberError::kRange);
    number = number * 10 + digit;
  }
  return number;
}

std::unexpected<Error> decoding_failure(std::string_view type, std::string_view name,
                                        std::string_view function, std::string_view text,
                                        NumberError error) {
  return failure(
      fmt::format("Error decoding {} for '{}': strconv.{}: parsing {}: {}", type, name, function,
                  codec::go_quoted(text),
                  error == NumberError::kSyntax ? "invalid syntax" : "value out of range"));
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::kSpace) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return decoded;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), PlusSign::kSpace);
    auto value = percent_decoded(
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
        PlusSign::kSpace);
    if (name && value) values_.try_emplace(*std::move(name), *std::move(value));
  }
}

const std::string& Query::text(std::string_view name) const {
  static const std::string kAbsent;
  const auto found = values_.find(name);
  return found == values_.end() ? kAbsent : found->second;
}

Result<bool> Query::boolean(std::string_view name) const {
  const std::string& value = text(name);
  if (value.empty()) return false;
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (value == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (value == no) return false;
  return decoding_failure("boolean", name, "ParseBool", value, NumberError::kSyntax);
}

Result<std::int64_t> Query::integer(std::string_view name) const {
  const std::string& value = text(name);
  if (value.empty()) return 0;
  const bool negative = value.front() == '-';
  const bool has_sign = negative || value.front() == '+';
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto number =
      parse_digits(std::string_view(value).substr(has_sign ? 1 : 0), kMost + (negative ? 1 : 0));
  if (!number) return decoding_failure("int", name, "Atoi", value, number.error());
  return static_cast<std::int64_t>(negative ? 0 - *number : *number);
}

Result<std::uint64_t> Query::unsigned_integer(std::string_view name) const {
  const std::string& value = text(name);
  if (value.empty()) return 0;
  const auto number = parse_digits(value, std::numeric_limits<std::uint64_t>::max());
  if (!number) return decoding_failure("uint64", name, "ParseUint", value, number.error());
  return *number;
}

}  // namespace midge::server
