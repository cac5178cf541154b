#include "server/options/flags.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "server/options/quoted.h"

namespace midge::server {
namespace {

enum class FlagType { kBool, kInteger, kString };

FlagType type_of(const Row& row) {
  if (std::holds_alternative<bool Options::*>(row.field)) return FlagType::kBool;
  if (std::holds_alternative<int Options::*>(row.field) ||
      std::holds_alternative<std::int64_t Options::*>(row.field))
    return FlagType::kInteger;
  if (row.type == "bool") return FlagType::kBool;
  if (row.type == "int64") return FlagType::kInteger;
  return FlagType::kString;
}

std::optional<bool> parse_bool(std::string_view text) {
  for (std::string_view word : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == word) return true;
  for (std::string_view word : {"0", "f", "F", "FALSE", "false", "False"})
    if (text == word) return false;
  return std::nullopt;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// The base that a prefix asks for; takes the prefix off.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char mark = digits[1];
  const bool is_octal_digit = (mark >= '0' && mark <= '9') || mark == '_';
  if (mark == 'x' || mark == 'X' || mark == 'o' || mark == 'O' || mark == 'b' || mark == 'B') {
    digits.remove_prefix(2);
    return mark == 'x' || mark == 'X' ? 16 : mark == 'o' || mark == 'O' ? 8 : 2;
  }
  return is_octal_digit ? 8 : 10;
}

// Go lets underscores separate digits, and a prefix from the first digit.
bool underscores_are_fine(std::string_view digits, int base) {
  const bool has_prefix = base != 10;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') continue;
    const bool follows_digit = i > 0 ? digits[i - 1] != '_' : has_prefix;
    if (!follows_digit || i + 1 == digits.size()) return false;
  }
  return true;
}

// Errors: what Go calls it.
std::expected<std::int64_t, std::string_view> parse_integer(std::string_view text) {
  std::string_view digits = text;
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int base = take_base(digits);
  if (!underscores_are_fine(digits, base)) return std::unexpected("parse error");
  std::uint64_t value = 0;
  bool has_digit = false;
  bool is_too_large = false;
  for (const char c : digits) {
    if (c == '_') continue;
    if (digit_value(c) >= base) return std::unexpected("parse error");
    has_digit = true;
    if (value > std::numeric_limits<std::uint64_t>::max() / 32) is_too_large = true;
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit_value(c));
  }
  if (!has_digit) return std::unexpected("parse error");
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (is_too_large || value > kMax + (is_negative ? 1 : 0))
    return std::unexpected("value out of range");
  return static_cast<std::int64_t>(is_negative ? -value : value);
}

Result<void> set_value(FlagValue& flag, const std::string& text) {
  switch (type_of(*flag.row)) {
    case FlagType::kBool:
      if (const auto boolean = parse_bool(text)) {
        flag.boolean = *boolean;
        return {};
      }
      return failure("invalid boolean value " + quoted(text) + " for -" + flag.name +
                     ": parse error");
    case FlagType::kInteger: {
      const auto integer = parse_integer(text);
      if (!integer)
        return failure("invalid value " + quoted(text) + " for flag -" + flag.name + ": " +
                       std::string(integer.error()));
      flag.integer = *integer;
      return {};
    }
    case FlagType::kString:
      flag.text = text;
      return {};
  }
  return {};
}

}  // namespace

const FlagValue* ParsedFlags::find(std::string_view name) const {
  const auto found = std::ranges::find_if(values.rbegin(), values.rend(), [name](const auto& flag) {
    return contains_name(flag.row->flags, name);
  });
  return found == values.rend() ? nullptr : &*found;
}

bool ParsedFlags::is_on(std::string_view name) const {
  const FlagValue* flag = find(name);
  return flag != nullptr && flag->boolean;
}

Result<ParsedFlags> parse_flags(std::span<const std::string> arguments) {
  ParsedFlags parsed;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') break;
    if (argument == "--") {
      ++i;
      break;
    }
    std::string_view name = std::string_view(argument).substr(argument[1] == '-' ? 2 : 1);
    if (name.empty() || name[0] == '-' || name[0] == '=')
      return failure("bad flag syntax: " + argument);
    const std::size_t equals = name.find('=');
    std::optional<std::string> text;
    if (equals != std::string_view::npos) text = std::string(name.substr(equals + 1));
    name = name.substr(0, equals);

    FlagValue flag;
    flag.row = find_flag(name);
    flag.name = std::string(name);
    if (flag.row == nullptr) return failure("flag provided but not defined: -" + flag.name);
    if (!text && type_of(*flag.row) == FlagType::kBool) text = "true";
    if (!text) {
      if (i + 1 == arguments.size()) return failure("flag needs an argument: -" + flag.name);
      text = arguments[++i];
    }
    TRY(set_value(flag, *text));
    parsed.values.push_back(std::move(flag));
  }
  parsed.arguments.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  return parsed;
}

}  // namespace midge::server
