#include "codec/conf/scalar.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace midge::conf {
namespace {

using Text = std::expected<std::string, ScalarError>;

std::unexpected<ScalarError> syntax_error(std::string text) {
  return std::unexpected(ScalarError{std::move(text), false});
}

bool is_digit(int byte) { return byte >= '0' && byte <= '9'; }
int lower(int byte) { return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte; }

int hex_value(int byte) {
  if (is_digit(byte)) return byte - '0';
  byte = lower(byte);
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(static_cast<unsigned char>(text[i])) != lower_case[i]) return false;
  return true;
}

std::optional<bool> boolean_of(std::string_view text) {
  for (std::string_view name : {"true", "yes", "on"})
    if (equals_ignoring_case(text, name)) return true;
  for (std::string_view name : {"false", "no", "off"})
    if (equals_ignoring_case(text, name)) return false;
  return std::nullopt;
}

Scalar string_scalar(std::string text) {
  Scalar scalar;
  scalar.value.text = std::move(text);
  return scalar;
}

// The cursor is behind a backslash.
std::expected<char, ScalarError> read_escape(Scanner& scanner) {
  switch (scanner.peek()) {
    case 't':
      scanner.next();
      return '\t';
    case 'n':
      scanner.next();
      return '\n';
    case 'r':
      scanner.next();
      return '\r';
    case '"':
      scanner.next();
      return '"';
    case '\\':
      scanner.next();
      return '\\';
    case 'x':
      break;
    default:
      return syntax_error("Invalid escape character '" + scanner.character() +
                          "'. Only the following escape characters are allowed: "
                          "\\xXX, \\t, \\n, \\r, \\\", \\\\.");
  }
  const int high = hex_value(scanner.peek(1));
  const int low = hex_value(scanner.peek(2));
  if (high < 0 || low < 0) {
    std::string found;
    for (std::size_t i = 1; i <= 2 && scanner.peek(i) != Scanner::kEnd; ++i)
      found += static_cast<char>(scanner.peek(i));
    return syntax_error("Expected two hexadecimal digits after '\\x', but got '" + found + "'");
  }
  for (int i = 0; i < 3; ++i) scanner.next();
  return static_cast<char>(high * 16 + low);
}

ScalarResult read_raw_string(Scanner& scanner) {
  scanner.next();
  const std::size_t begin = scanner.offset();
  while (scanner.peek() != '\'') {
    if (scanner.at_end()) return syntax_error("Unexpected EOF.");
    scanner.next();
  }
  Scalar scalar = string_scalar(std::string(scanner.since(begin)));
  scanner.next();
  return scalar;
}

ScalarResult read_quoted_string(Scanner& scanner) {
  scanner.next();
  std::string text;
  while (scanner.peek() != '"') {
    if (scanner.at_end()) return syntax_error("Unexpected EOF.");
    const int byte = scanner.next();
    if (byte != '\\') {
      text += static_cast<char>(byte);
      continue;
    }
    auto escaped = read_escape(scanner);
    if (!escaped) return std::unexpected(std::move(escaped).error());
    text += *escaped;
  }
  scanner.next();
  return string_scalar(std::move(text));
}

// `( … )`: ends with a line that is `)` alone.
ScalarResult read_block(Scanner& scanner) {
  scanner.next();
  const std::size_t begin = scanner.offset();
  int before = 0;
  while (!scanner.at_end()) {
    const bool line_ends = scanner.peek(1) == '\n' || scanner.peek(1) == Scanner::kEnd ||
                           (scanner.peek(1) == '\r' && scanner.peek(2) == '\n');
    if (before == '\n' && scanner.peek() == ')' && line_ends) {
      Scalar scalar = string_scalar(std::string(scanner.since(begin)));
      scanner.next();
      return scalar;
    }
    before = scanner.next();
  }
  return syntax_error("Unexpected EOF processing block.");
}

bool ends_bare_string(const Scanner& scanner) {
  switch (scanner.peek()) {
    case Scanner::kEnd:
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ';':
    case ']':
    case '}':
      return true;
    default:
      return false;
  }
}

// The rest of a bare word, `text` being what was read of it. `is_plain` says whether it stands for
// itself: a word with escapes, or ended by a quote, is never a boolean or a variable.
Text read_bare_text(Scanner& scanner, std::string text, bool& is_plain) {
  while (!ends_bare_string(scanner)) {
    const int byte = scanner.next();
    if (byte == '\'') {
      is_plain = false;
      break;
    }
    if (byte != '\\') {
      text += static_cast<char>(byte);
      continue;
    }
    is_plain = false;
    auto escaped = read_escape(scanner);
    if (!escaped) return std::unexpected(std::move(escaped).error());
    text += *escaped;
  }
  return text;
}

ScalarResult read_bare_word(Scanner& scanner) {
  const bool has_dollar = scanner.peek() == '$';
  bool is_plain = true;
  Text text = read_bare_text(scanner, "", is_plain);
  if (!text) return std::unexpected(std::move(text).error());
  Scalar scalar = string_scalar(std::move(*text));
  if (!is_plain) return scalar;
  if (has_dollar) {
    if (scalar.value.text.starts_with("$2a$")) return scalar;  // a bcrypt hash
    scalar.is_variable = true;
    scalar.value.text.erase(0, 1);
  } else if (auto boolean = boolean_of(scalar.value.text)) {
    scalar.value.kind = Kind::kBool;
    scalar.value.boolean = *boolean;
  }
  return scalar;
}

// A word that began like a number and went on otherwise: `10ms`, `0x10`.
ScalarResult read_number_as_word(Scanner& scanner, std::size_t begin) {
  bool is_plain = true;
  Text text = read_bare_text(scanner, std::string(scanner.since(begin)), is_plain);
  if (!text) return std::unexpected(std::move(text).error());
  return string_scalar(std::move(*text));
}

ScalarResult integer_scalar(std::string_view text) {
  std::size_t digits = text.find_first_not_of("-0123456789");
  if (digits == std::string_view::npos) digits = text.size();
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + digits, value);
  std::int64_t unit = 1;
  if (digits < text.size()) {
    constexpr std::string_view kUnits = "kmgtpe";
    const std::int64_t step = text.size() > digits + 1 ? 1024 : 1000;
    const auto power = kUnits.find(static_cast<char>(lower(text[digits])));
    for (std::size_t i = 0; i <= power; ++i) unit *= step;
  }
  Scalar scalar;
  scalar.value.kind = Kind::kInteger;
  if (parsed.ec != std::errc() || __builtin_mul_overflow(value, unit, &scalar.value.integer))
    return std::unexpected(
        ScalarError{"integer '" + std::string(text) + "' is out of the range", true});
  return scalar;
}

ScalarResult float_scalar(std::string_view text) {
  Scalar scalar;
  scalar.value.kind = Kind::kFloat;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), scalar.value.number);
  if (parsed.ec != std::errc())
    return std::unexpected(
        ScalarError{"float '" + std::string(text) + "' is out of the range", true});
  return scalar;
}

bool is_real_time(std::string_view text) {
  const auto field = [text](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const int year = field(0, 4);
  const int month = field(5, 2);
  const int day = field(8, 2);
  constexpr std::array kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return false;
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const int days = kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
  return day >= 1 && day <= days && field(11, 2) < 24 && field(14, 2) < 60 && field(17, 2) < 60;
}

// The four digits of the year are read, the cursor is at the dash.
ScalarResult read_time(Scanner& scanner, std::size_t begin) {
  for (const char expected : std::string_view("-00-00T00:00:00Z")) {
    if (expected == '0' ? !is_digit(scanner.peek()) : scanner.peek() != expected) {
      const std::string wanted = expected == '0' ? "digit" : std::string("'") + expected + "'";
      return syntax_error("Expected " + wanted + " in ISO8601 datetime, but found '" +
                          scanner.character() + "' instead.");
    }
    scanner.next();
  }
  Scalar scalar = string_scalar(std::string(scanner.since(begin)));
  scalar.value.kind = Kind::kTime;
  if (!is_real_time(scalar.value.text))
    return std::unexpected(
        ScalarError{"expected Zulu formatted DateTime, but got '" + scalar.value.text + "'", true});
  return scalar;
}

// `1.2.3.4:4222`: the second dot shows that this is no number.
ScalarResult read_address(Scanner& scanner, std::size_t begin) {
  const auto belongs = [](int byte) {
    return is_digit(byte) || byte == '.' || byte == ':' || byte == '-';
  };
  while (belongs(scanner.peek())) scanner.next();
  return string_scalar(std::string(scanner.since(begin)));
}

// The cursor is at the dot.
ScalarResult read_fraction(Scanner& scanner, std::size_t begin) {
  scanner.next();
  if (!is_digit(scanner.peek()))
    return syntax_error("Floats must have a digit after the '.', but got '" + scanner.character() +
                        "' instead.");
  while (is_digit(scanner.peek())) scanner.next();
  if (scanner.peek() == '.') return read_address(scanner, begin);
  return float_scalar(scanner.since(begin));
}

bool ends_number(const Scanner& scanner, bool at_bracket) {
  switch (scanner.peek()) {
    case Scanner::kEnd:
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ';':
    case '}':
      return true;
    case ']':
      return at_bracket;
    default:
      return false;
  }
}

bool at_unit(const Scanner& scanner) {
  switch (lower(scanner.peek())) {
    case 'k':
    case 'm':
    case 'g':
    case 't':
    case 'p':
    case 'e':
      return true;
    default:
      return false;
  }
}

// The cursor is at one of k, m, g, t, p, e; then `b`, `i` or `ib` may follow.
ScalarResult read_unit(Scanner& scanner, std::size_t begin) {
  scanner.next();
  if (lower(scanner.peek()) == 'i') scanner.next();
  if (lower(scanner.peek()) == 'b') scanner.next();
  if (!ends_number(scanner, true)) return read_number_as_word(scanner, begin);
  return integer_scalar(scanner.since(begin));
}

ScalarResult read_negative_number(Scanner& scanner) {
  const std::size_t begin = scanner.offset();
  scanner.next();
  if (scanner.peek() == '.') return syntax_error("Floats must start with a digit, not '.'.");
  if (!is_digit(scanner.peek()))
    return syntax_error("Expected a digit but got '" + scanner.character() + "'.");
  while (is_digit(scanner.peek())) scanner.next();
  if (scanner.peek() == '.') return read_fraction(scanner, begin);
  if (at_unit(scanner)) return read_unit(scanner, begin);
  return integer_scalar(scanner.since(begin));
}

ScalarResult read_number(Scanner& scanner, bool in_array) {
  const std::size_t begin = scanner.offset();
  while (is_digit(scanner.peek())) scanner.next();
  if (scanner.peek() == '-') {
    if (scanner.offset() - begin == 4) return read_time(scanner, begin);
    return syntax_error("All ISO8601 dates must be in full Zulu form.");
  }
  if (scanner.peek() == '.') return read_fraction(scanner, begin);
  if (at_unit(scanner)) return read_unit(scanner, begin);
  if (ends_number(scanner, in_array)) return integer_scalar(scanner.since(begin));
  scanner.next();  // whatever it is, a quote or a backslash too, it belongs to the word
  return read_number_as_word(scanner, begin);
}

}  // namespace

ScalarResult read_scalar(Scanner& scanner, bool in_array) {
  const Position position = scanner.position();
  ScalarResult result = [&]() -> ScalarResult {
    const int first = scanner.peek();
    if (first == '\'') return read_raw_string(scanner);
    if (first == '"') return read_quoted_string(scanner);
    if (first == '(') return read_block(scanner);
    if (first == '-') return read_negative_number(scanner);
    if (first == '.') return syntax_error("Floats must start with a digit");
    if (is_digit(first)) return read_number(scanner, in_array);
    return read_bare_word(scanner);
  }();
  if (result) result->value.position = position;
  return result;
}

}  // namespace midge::conf
