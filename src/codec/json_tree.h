// A JSON text as a tree, for documents whose shape is deep and small: claims, requests of tools.
// What is read often and flat goes through json_fields.h.
//
// Names are looked up as Go's encoding/json matches them to fields: without regard to case, the
// last duplicate wins, and null is as if the name were absent. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::codec {

struct JsonMember;

class JsonValue {
 public:
  enum class Type : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Type type = Type::kNull;
  bool truth = false;
  std::string text;  // of a string; a number as it was written
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // in the order of the text

  // The member a Go field of this name (ASCII) would take, unless it is null or absent.
  [[nodiscard]] const JsonValue* find(std::string_view name) const;
  // A number that is an integer of 64 bits.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// Errors: not JSON, or nested deeper than 128 values.
Result<JsonValue> read_json_tree(std::string_view json);

// Takes members out of an object into variables of their types. Absent and null members change
// nothing; the first member of a wrong type is remembered.
//
//   JsonReader reader(value);
//   reader.read("sub", subject).read("exp", expires);
//   TRY(reader.done());
class JsonReader {
 public:
  // `object` outlives the reader. Null: an object without members.
  explicit JsonReader(const JsonValue* object, std::string_view path = "");

  JsonReader& read(std::string_view name, std::string& target);
  JsonReader& read(std::string_view name, bool& target);
  JsonReader& read(std::string_view name, std::int64_t& target);
  JsonReader& read(std::string_view name, int& target);
  JsonReader& read(std::string_view name, std::vector<std::string>& target);
  // The member if it is of this type, else null.
  const JsonValue* object(std::string_view name) { return typed(name, JsonValue::Type::kObject); }
  const JsonValue* array(std::string_view name) { return typed(name, JsonValue::Type::kArray); }
  // Takes over what another reader found wrong.
  JsonReader& check(const Result<void>& result);

  [[nodiscard]] Result<void> done() const;

 private:
  const JsonValue* typed(std::string_view name, JsonValue::Type type);
  void mismatch(std::string_view name);

  const JsonValue* object_;
  std::string path_;
  std::string error_;
};

}  // namespace midge::codec
