#include "codec/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "codec/json_utf8.h"

namespace midge::codec {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Whether Go writes a byte as it is: ASCII that is neither control nor special in JSON or HTML.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned char letter = 0x20; letter < 0x80; ++letter)
    plain[letter] =
        std::string_view("\"\\<>&").find(static_cast<char>(letter)) == std::string_view::npos;
  return plain;
}();

void append_escaped(std::string& out, unsigned char letter) {
  switch (letter) {
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
    default:
      out += "\\u00";
      out += kHex[letter >> 4];
      out += kHex[letter & 0xF];
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const JsonRune rune = first_rune(text);
    if (!rune.valid)
      out += "\\ufffd";
    else if (rune.code == 0x2028)
      out += "\\u2028";  // line ends in JavaScript, so Go escapes them
    else if (rune.code == 0x2029)
      out += "\\u2029";
    else if (rune.length == 1)
      append_escaped(out, static_cast<unsigned char>(rune.code));
    else
      out.append(text.substr(0, rune.length));
    text.remove_prefix(rune.length);
  }
  out += '"';
}

// The shortest decimal digits of a positive number, and where its point stands: 0.DIGITS x
// 10^point.
struct Decimal {
  std::string digits;
  int point = 0;
};

Decimal shortest_decimal(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific);
  const std::string_view written(text, static_cast<std::size_t>(end.ptr - text));
  const std::size_t mark = written.find('e');
  Decimal decimal;
  for (const char letter : written.substr(0, mark))
    if (letter != '.') decimal.digits += letter;
  const std::size_t exponent = mark + (written[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text + exponent, end.ptr, decimal.point);
  ++decimal.point;
  return decimal;
}

// As Go's encoding/json: plain notation from 1e-6 up to 1e21, else an exponent without leading
// zeros.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (std::signbit(number)) out += '-';
  number = std::fabs(number);
  if (number == 0) {
    out += '0';
    return;
  }
  const Decimal decimal = shortest_decimal(number);
  const auto& [digits, point] = decimal;
  const int count = static_cast<int>(digits.size());
  if (number < 1e-6 || number >= 1e21) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += point > 0 ? "e+" : "e-";
    out += std::to_string(std::abs(point - 1));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (count <= point) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(point);
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

}  // namespace

JsonWriter JsonWriter::for_value(bool pretty, unsigned depth) {
  JsonWriter json(pretty);
  json.depth_ = depth;
  json.after_key_ = true;
  return json;
}

JsonWriter JsonWriter::for_elements(bool pretty, unsigned depth) {
  JsonWriter json(pretty);
  json.depth_ = depth;
  json.first_ = false;
  return json;
}

void JsonWriter::new_line() {
  if (!pretty_) return;
  static constexpr std::string_view kLine = "\n                                ";
  const std::size_t size = 1 + std::size_t{depth_} * indent_;
  text_ += kLine.substr(0, size);
  if (size > kLine.size()) text_.append(size - kLine.size(), ' ');
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) text_ += ',';
  first_ = false;
  new_line();
}

JsonWriter& JsonWriter::open(char bracket) {
  before_value();
  text_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  DCHECK(depth_ > 0 && !after_key_, "JSON containers must be closed after their content");
  --depth_;
  if (!first_) new_line();
  first_ = false;
  text_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::begin_object() { return open('{'); }
JsonWriter& JsonWriter::end_object() { return close('}'); }
JsonWriter& JsonWriter::begin_array() { return open('['); }
JsonWriter& JsonWriter::end_array() { return close(']'); }

JsonWriter& JsonWriter::key(std::string_view name) {
  before_value();
  append_quoted(text_, name);
  text_ += pretty_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  append_quoted(text_, text);
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) { return raw(truth ? "true" : "false"); }

JsonWriter& JsonWriter::value(double number) {
  before_value();
  append_double(text_, number);
  return *this;
}

JsonWriter& JsonWriter::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const std::string& text : texts) value(text);
  return end_array();
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::value(WallTime time) {
  before_value();
  text_ += '"';
  text_ += rfc3339_nano(time);
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
  before_value();
  char text[24];
  text_.append(text, std::to_chars(text, text + sizeof text, number).ptr);
  return *this;
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t number) {
  before_value();
  char text[24];
  text_.append(text, std::to_chars(text, text + sizeof text, number).ptr);
  return *this;
}

}  // namespace midge::codec
