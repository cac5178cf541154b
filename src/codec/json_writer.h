// Writes JSON with Go's bytes: HTML-escaped strings, fields in the order they are written, invalid
// UTF-8 replaced, times as RFC 3339 with nanoseconds.
//
//   JsonWriter json;
//   json.begin_object().field("num", 3).field_unless_empty("name", name).end_object();
//   json.take();
// Compact unless made pretty: then indented by two spaces as Go's MarshalIndent does (`/varz` is),
// or by as many as are said.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"

namespace midge::codec {

class JsonWriter {
 public:
  explicit JsonWriter(bool pretty = false, unsigned indent = 2)
      : pretty_(pretty), indent_(indent) {}
  // Whose text goes into another's: a value so deep in it, by raw().
  static JsonWriter for_value(bool pretty, unsigned depth);
  // The same: more elements of a list that has some already, whose elements are so deep. Each
  // begins with a comma.
  static JsonWriter for_elements(bool pretty, unsigned depth);

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  // As Go prints a float64. Infinity and NaN, which Go refuses, become null.
  JsonWriter& value(double number);
  template <std::integral Integer>
  JsonWriter& value(Integer number) {
    if constexpr (std::signed_integral<Integer>)
      return integer(static_cast<std::int64_t>(number));
    else
      return unsigned_integer(static_cast<std::uint64_t>(number));
  }
  JsonWriter& value(const std::vector<std::string>& texts);
  JsonWriter& null();
  // A time as Go marshals it: RFC 3339 with nanoseconds, trailing zeros cut, UTC.
  JsonWriter& value(WallTime time);

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  // Go's omitempty: nothing for "", 0, false, an empty list.
  template <class T>
  requires(!std::is_array_v<T>) JsonWriter& field_unless_empty(std::string_view name,
                                                               const T& content) {
    if (content == T{}) return *this;
    return field(name, content);
  }
  JsonWriter& field_unless_empty(std::string_view name, std::string_view content) {
    if (content.empty()) return *this;
    return field(name, content);
  }
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  [[nodiscard]] const std::string& text() const { return text_; }
  // What was written; it may go on behind that.
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

 private:
  JsonWriter& integer(std::int64_t number);
  JsonWriter& unsigned_integer(std::uint64_t number);
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void before_value();
  void new_line();

  std::string text_;
  bool pretty_;
  unsigned indent_;
  bool first_ = true;  // nothing yet in the innermost container
  bool after_key_ = false;
  unsigned depth_ = 0;
};

// RFC 3339 with nanoseconds, UTC, as Go's time.Time marshals; without quotes.
std::string rfc3339_nano(WallTime time);

}  // namespace midge::codec
