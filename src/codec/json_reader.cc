#include "codec/json_reader.h"

// RapidJSON's stack adds to its null pointer before the first push: harmless, but UBSan objects.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

#include <charconv>
#include <string>

#include "codec/json_utf8.h"

namespace midge::codec {
namespace {

constexpr unsigned kDepthMax = 10'000;

// From RapidJSON's handler concept to the visitor.
class Adapter {
 public:
  explicit Adapter(JsonVisitor& visitor) : visitor_(visitor) {}

  bool Null() { return visitor_.null(); }
  bool Bool(bool truth) { return visitor_.boolean(truth); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return visitor_.number({text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return visitor_.string(to_valid_utf8({text, size}));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    return visitor_.key(to_valid_utf8({text, size}));
  }
  bool StartObject() { return deeper() && visitor_.begin_object(); }
  bool EndObject(rapidjson::SizeType) { return --depth_, visitor_.end_object(); }
  bool StartArray() { return deeper() && visitor_.begin_array(); }
  bool EndArray(rapidjson::SizeType) { return --depth_, visitor_.end_array(); }
  // Numbers arrive as text, so these are never called; the concept asks for them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  [[nodiscard]] bool too_deep() const { return depth_ > kDepthMax; }

 private:
  bool deeper() { return ++depth_ <= kDepthMax; }

  JsonVisitor& visitor_;
  unsigned depth_ = 0;
};

// The code unit of `\uXXXX` at the front of `text`, or -1.
int escaped_unit(std::string_view text) {
  if (text.size() < 6 || !text.starts_with("\\u")) return -1;
  unsigned unit = 0;
  const auto end = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return end.ptr == text.data() + 6 ? static_cast<int>(unit) : -1;
}

constexpr bool is_high(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
constexpr bool is_low(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// RapidJSON refuses escaped surrogates without a partner, Go reads them as U+FFFD.
std::string replace_lone_surrogates(std::string_view json) {
  std::string replaced(json);
  for (std::size_t at = 0; at + 1 < json.size(); ++at) {
    if (json[at] != '\\') continue;
    const int unit = escaped_unit(json.substr(at));
    if (is_high(unit) && is_low(escaped_unit(json.substr(at + 6))))
      at += 11;
    else if (is_high(unit) || is_low(unit))
      replaced.replace(at, 6, "\\ufffd"), at += 5;
    else
      ++at;  // the escaped character, which may be a backslash
  }
  return replaced;
}

std::string describe(const rapidjson::Reader& reader, std::size_t size) {
  if (reader.GetErrorOffset() >= size) return "unexpected end of JSON input";
  return std::string("JSON: ") + rapidjson::GetParseError_En(reader.GetParseErrorCode()) +
         " (at byte " + std::to_string(reader.GetErrorOffset()) + ")";
}

}  // namespace

Result<void> read_json(std::string_view json, JsonVisitor& visitor) {
  const std::string text = replace_lone_surrogates(json);
  rapidjson::MemoryStream stream(text.data(), text.size());
  Adapter adapter(visitor);
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseStopWhenDoneFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  reader.Parse<kFlags>(stream, adapter);
  if (adapter.too_deep()) return failure("JSON: exceeded max depth", ErrorCode::kInvalid);
  if (reader.HasParseError()) return failure(describe(reader, text.size()), ErrorCode::kInvalid);
  const std::size_t rest = text.find_first_not_of(" \t\r\n", stream.Tell());
  if (rest != std::string::npos)
    return failure("JSON: text after the top-level value", ErrorCode::kInvalid);
  return {};
}

}  // namespace midge::codec
