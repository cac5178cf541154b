// JSON objects of a known shape, described once and read, written and copied by that description.
//
// A type is described by a function found beside it, which names its fields in the order they are
// written:
//
//   template <class Visitor> void describe(Visitor& v, Placement& p) {
//     v.field("cluster", p.cluster).unless_empty("tags", p.tags);
//   }
// // Reading is Go's: names without regard to case, the last duplicate wins, null changes nothing;
// a value of another type is an error with encoding/json's text. A strict reading refuses unknown
// names. Enums have `enum_texts(E)`, found beside them: one text per enumerator, in order; and
// `enum_error(E, quoted)` if another text is not refused in the usual words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "codec/json_tree.h"
#include "codec/json_writer.h"

namespace midge::codec {

// Go's zero time. What has this value is written as year 1.
inline constexpr WallTime kNoTime{0};

using StringMap = std::map<std::string, std::string>;

// For a type that is in JSON what another is: specialised with `Form`, `Form of(const T&)` and
// `T from(const Form&)`.
template <class T>
struct JsonForm;
template <class T>
concept HasJsonForm = requires {
  typename JsonForm<T>::Form;
};

class JsonStructReader {
 public:
  JsonStructReader(const JsonValue& object, bool strict, std::string path, std::string& error)
      : object_(object), strict_(strict), path_(std::move(path)), error_(error) {}

  // What Go calls the type, for errors.
  JsonStructReader& name(std::string_view type) {
    if (path_.empty()) path_ = type;
    return *this;
  }
  // The fields that follow stand in a type within that one, which errors name; "" = no more.
  JsonStructReader& within(std::string_view type) {
    within_ = type.empty() ? std::string() : "." + std::string(type);
    return *this;
  }
  template <class T>
  JsonStructReader& field(std::string_view name, T& target) {
    names_.push_back(name);
    const JsonValue* value = object_.find(name);
    if (value != nullptr && error_.empty())
      read(*value, target, path_ + within_ + "." + std::string(name));
    return *this;
  }
  template <class T>
  JsonStructReader& unless_empty(std::string_view name, T& target) {
    return field(name, target);
  }
  // After all fields: refuses what was not among them.
  void finish();

 private:
  void read(const JsonValue& value, bool& target, const std::string& path);
  void read(const JsonValue& value, int& target, const std::string& path);
  void read(const JsonValue& value, std::int64_t& target, const std::string& path);
  void read(const JsonValue& value, std::uint64_t& target, const std::string& path);
  void read(const JsonValue& value, double& target, const std::string& path);
  void read(const JsonValue& value, std::string& target, const std::string& path);
  void read(const JsonValue& value, Duration& target, const std::string& path);
  void read(const JsonValue& value, WallTime& target, const std::string& path);
  void read(const JsonValue& value, StringMap& target, const std::string& path);
  template <class E>
  requires std::is_enum_v<E>
  void read(const JsonValue& value, E& target, const std::string& path) {
    const int found = read_enum(value, enum_texts(target), path);
    if (found >= 0) target = static_cast<E>(found);
    if constexpr (requires { enum_error(target, path); }) {
      if (found < 0) error_ = enum_error(target, quoted(value));
    }
  }
  template <class T>
  void read(const JsonValue& value, std::optional<T>& target, const std::string& path) {
    read(value, target ? *target : target.emplace(), path);
  }
  template <class T>
  void read(const JsonValue& value, std::vector<T>& target, const std::string& path) {
    if (value.type != JsonValue::Type::kArray) return mismatch(value, path, list_type(T{}));
    target.clear();
    for (const JsonValue& item : value.items) {
      target.emplace_back();
      if (item.type != JsonValue::Type::kNull) read(item, target.back(), path);
    }
  }
  template <class T>
  void read(const JsonValue& value, std::map<std::string, T>& target, const std::string& path) {
    if (value.type != JsonValue::Type::kObject) return mismatch(value, path, "map");
    target.clear();
    for (const JsonMember& member : value.members) read(member.value, target[member.name], path);
  }
  template <HasJsonForm T>
  void read(const JsonValue& value, T& target, const std::string& path) {
    auto form = JsonForm<T>::of(target);
    read(value, form, path);
    target = JsonForm<T>::from(form);
  }
  template <class T>
  requires(std::is_class_v<T> && !HasJsonForm<T>) void read(const JsonValue& value, T& target,
                                                            const std::string& path) {
    if (value.type != JsonValue::Type::kObject) return mismatch(value, path, "struct");
    JsonStructReader inner(value, strict_, path, error_);
    describe(inner, target);
    inner.finish();
  }

  static const char* list_type(const std::string&) { return "[]string"; }
  static const char* list_type(const Duration&) { return "[]time.Duration"; }
  template <class T>
  static const char* list_type(const T&) {
    return "[]struct";
  }
  // The number of the text, or -1 with an error.
  int read_enum(const JsonValue& value, std::span<const char* const> texts,
                const std::string& path);
  // A text, as Go quotes it; other values as they are written.
  static std::string quoted(const JsonValue& value);
  void mismatch(const JsonValue& value, const std::string& path, std::string_view go_type);
  template <class Integer>
  void read_integer(const JsonValue& value, Integer& target, const std::string& path,
                    std::string_view go_type);

  const JsonValue& object_;
  bool strict_;
  std::string within_;
  std::string path_;
  std::string& error_;
  std::vector<std::string_view> names_;
};

class JsonStructWriter {
 public:
  explicit JsonStructWriter(JsonWriter& json) : json_(json) {}
  JsonStructWriter& name(std::string_view) { return *this; }
  JsonStructWriter& within(std::string_view) { return *this; }
  template <class T>
  JsonStructWriter& field(std::string_view name, const T& value) {
    json_.key(name);
    write(value);
    return *this;
  }
  template <class T>
  JsonStructWriter& unless_empty(std::string_view name, const T& value) {
    return is_empty(value) ? *this : field(name, value);
  }
  template <class T>
  void write(const T& value);

 private:
  template <class T>
  static bool is_empty(const T& value) {
    if constexpr (requires { value.empty(); })
      return value.empty();
    else if constexpr (requires { value.has_value(); })
      return !value.has_value();
    else if constexpr (requires { value == T{}; })
      return value == T{};
    else
      return false;
  }
  JsonWriter& json_;
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

template <class T>
void JsonStructWriter::write(const T& value) {
  if constexpr (HasJsonForm<T>) {
    write(JsonForm<T>::of(value));
  } else if constexpr (std::is_enum_v<T>) {
    json_.value(enum_texts(value)[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_same_v<T, Duration>) {
    json_.value(value.ns);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    if (value == kNoTime)
      json_.value("0001-01-01T00:00:00Z");
    else
      json_.value(value);
  } else if constexpr (IsMap<T>::value) {
    json_.begin_object();
    for (const auto& [name, content] : value) json_.field(name, content);
    json_.end_object();
  } else if constexpr (IsOptional<T>::value) {
    if (value)
      write(*value);
    else
      json_.null();
  } else if constexpr (IsVector<T>::value) {
    json_.begin_array();
    for (const auto& item : value) write(item);
    json_.end_array();
  } else if constexpr (requires(JsonWriter & json) { json.value(value); }) {
    json_.value(value);
  } else {
    json_.begin_object();
    describe(*this, const_cast<T&>(value));
    json_.end_object();
  }
}

// `json: cannot unmarshal array into Go value of type server.T`.
Error not_an_object(const JsonValue& value, std::string_view go_type);

// Fills `target` from an object. Errors have encoding/json's texts, with the type's name in Go if
// it has a kGoType.
template <class T>
Result<void> read_json_struct(const JsonValue& value, T& target, bool strict) {
  if (value.type != JsonValue::Type::kObject && value.type != JsonValue::Type::kNull) {
    if constexpr (requires { T::kGoType; })
      return std::unexpected(not_an_object(value, T::kGoType));
    return std::unexpected(not_an_object(value, "struct"));
  }
  std::string error;
  JsonStructReader reader(value, strict, "", error);
  describe(reader, target);
  reader.finish();
  if (!error.empty()) return failure(std::move(error), ErrorCode::kInvalid);
  return {};
}

template <class T>
Result<void> read_json_struct(std::string_view json, T& target, bool strict) {
  ASSIGN_OR_RETURN(const JsonValue value, read_json_tree(json));
  return read_json_struct(value, target, strict);
}

template <class T>
std::string write_json_struct(const T& value) {
  JsonWriter json;
  JsonStructWriter(json).write(value);
  return json.take();
}

}  // namespace midge::codec
