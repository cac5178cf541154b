#include "server/monitor/query.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

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
  return failure(fmt::format(
      "Error decoding {} for '{}': strconv.{}: parsing {}: {}", type, name, function,
      go_quoted(text), error == NumberError::kSyntax ? "invalid syntax" : "value out of range"));
}

struct Rune {
  char32_t code;
  std::size_t size;  // 0: not valid UTF-8
};

Rune first_rune(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return {0, 0};
  if (size == 1) return {lead, 1};
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {0, 0};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  static constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < kSmallest[size] || surrogate || code > 0x10FFFF) return {0, 0};
  return {code, size};
}

// Blanks and controls beyond ASCII that people meet; Go has a table of all of Unicode.
bool is_printable(char32_t code) {
  if (code < 0x20 || code == 0x7F) return false;
  if (code >= 0x80 && code <= 0xA0) return false;
  if (code == 0xAD || code == 0x3000 || code == 0xFEFF) return false;
  return !(code >= 0x2000 && code <= 0x200F) && !(code >= 0x2028 && code <= 0x202F);
}

void append_escaped(std::string& out, char32_t code) {
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\v':
      out += "\\v";
      return;
    default:
      break;
  }
  const auto number = static_cast<std::uint32_t>(code);
  if (code < 0x80)
    out += fmt::format("\\x{:02x}", number);
  else if (code < 0x10000)
    out += fmt::format("\\u{:04x}", number);
  else
    out += fmt::format("\\U{:08x}", number);
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

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = first_rune(text);
    if (rune.size == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (rune.code == '"' || rune.code == '\\' || !is_printable(rune.code)) {
      append_escaped(out, rune.code);
    } else {
      out += text.substr(0, rune.size);
    }
    text.remove_prefix(rune.size == 0 ? 1 : rune.size);
  }
  return out + '"';
}

}  // namespace midge::server
