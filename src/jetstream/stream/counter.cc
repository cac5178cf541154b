#include "jetstream/stream/counter.h"

#include <algorithm>

#include "codec/json_struct.h"

namespace midge::jetstream {
namespace {

struct Body {
  std::string value;
};
template <class Visitor>
void describe(Visitor& v, Body& b) {
  v.field("val", b.value);
}

// Of digits without leading zeros.
bool is_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string sum(std::string_view a, std::string_view b) {
  std::string digits;
  int carry = 0;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry > 0; ++i) {
    const int x = i < a.size() ? a[a.size() - 1 - i] - '0' : 0;
    const int y = i < b.size() ? b[b.size() - 1 - i] - '0' : 0;
    digits += static_cast<char>('0' + (x + y + carry) % 10);
    carry = (x + y + carry) / 10;
  }
  std::ranges::reverse(digits);
  return digits;
}

// a - b, where a is not less.
std::string difference(std::string_view a, std::string_view b) {
  std::string digits;
  int borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int x = a[a.size() - 1 - i] - '0';
    const int y = (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + borrow;
    borrow = x < y ? 1 : 0;
    digits += static_cast<char>('0' + x - y + 10 * borrow);
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace

std::optional<std::string> normal_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  return (negative && text != "0" ? "-" : "") + std::string(text);
}

std::string add_integers(std::string_view a, std::string_view b) {
  const bool a_negative = a.starts_with('-'), b_negative = b.starts_with('-');
  if (a_negative) a.remove_prefix(1);
  if (b_negative) b.remove_prefix(1);
  if (a_negative == b_negative) return (a_negative ? "-" : "") + sum(a, b);
  if (a == b) return "0";
  const bool a_is_larger = is_less(b, a);
  const bool negative = a_is_larger ? a_negative : b_negative;
  return (negative ? "-" : "") + (a_is_larger ? difference(a, b) : difference(b, a));
}

std::string negative(std::string_view number) {
  if (number.starts_with('-')) return std::string(number.substr(1));
  return number == "0" ? "0" : "-" + std::string(number);
}

std::string counter_body(std::string_view value) {
  return "{\"val\":\"" + std::string(value) + "\"}";
}

std::optional<std::string> counter_value(std::string_view body) {
  Body read;
  if (!codec::read_json_struct(body, read, false)) return std::nullopt;
  return normal_integer(read.value);
}

}  // namespace midge::jetstream
