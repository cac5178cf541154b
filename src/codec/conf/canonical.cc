#include "codec/conf/canonical.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

namespace midge::conf {
namespace {

// Length of the valid UTF-8 sequence that begins here, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned from, unsigned to) {
    return i < text.size() && byte(i) >= from && byte(i) <= to;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned from = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned to = first == 0xED ? 0x9F : 0xBF;
    return follows(1, from, to) && follows(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned from = first == 0xF0 ? 0x90 : 0x80;
    const unsigned to = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, from, to) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void append_ascii(std::string& out, char byte) {
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
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
    case '<':
    case '>':
    case '&':
      append_escaped(out, static_cast<unsigned char>(byte));
      return;
    default:
      if (static_cast<unsigned char>(byte) < 0x20)
        append_escaped(out, static_cast<unsigned char>(byte));
      else
        out += byte;
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0)
      out += "\\ufffd";
    else if (length == 1)
      append_ascii(out, text[0]);
    else if (sequence == "\xE2\x80\xA8")
      out += "\\u2028";
    else if (sequence == "\xE2\x80\xA9")
      out += "\\u2029";
    else
      out += sequence;
    text.remove_prefix(sequence.size());
  }
  out += '"';
}

// Shortest form that reads back the same; with an exponent only for very small and very large ones.
void append_float(std::string& out, double number) {
  char text[400];
  const double size = std::fabs(number);
  const bool is_scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  const auto result =
      std::to_chars(text, text + sizeof text, number,
                    is_scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string_view digits(text, static_cast<std::size_t>(result.ptr - text));
  const std::size_t exponent = digits.find('e');
  if (exponent != std::string_view::npos && digits[exponent + 1] == '-' &&
      digits[exponent + 2] == '0') {
    out += digits.substr(0, exponent + 2);  // e-07 is written e-7
    digits.remove_prefix(exponent + 3);
  }
  out += digits;
}

void append_value(std::string& out, const Value& value);

void append_map(std::string& out, const Value& map) {
  std::vector<const Member*> sorted;
  for (const Member& member : map.members) sorted.push_back(&member);
  std::ranges::sort(sorted, {},
                    [](const Member* member) -> const std::string& { return member->key; });
  out += '{';
  for (const Member* member : sorted) {
    if (member != sorted.front()) out += ',';
    append_string(out, member->key);
    out += ':';
    append_value(out, member->value);
  }
  out += '}';
}

void append_value(std::string& out, const Value& value) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kTime:
      append_string(out, value.text);
      return;
    case Kind::kInteger:
      out += std::to_string(value.integer);
      return;
    case Kind::kFloat:
      append_float(out, value.number);
      return;
    case Kind::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case Kind::kMap:
      append_map(out, value);
      return;
    case Kind::kArray:
      break;
  }
  out += '[';
  for (const Value& item : value.items) {
    if (&item != &value.items.front()) out += ',';
    append_value(out, item);
  }
  out += ']';
}

}  // namespace

std::string canonical_json(const Value& value) {
  std::string out;
  append_value(out, value);
  out += '\n';
  return out;
}

}  // namespace midge::conf
