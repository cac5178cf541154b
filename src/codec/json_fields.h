// Reads a JSON object into variables as Go's encoding/json fills a struct: names without regard to
// case, the last duplicate wins, null changes nothing, unknown names are skipped, and a value of
// the wrong type is an error. A top-level `null` is an object without fields.
//
//   TRY(JsonFields().field("verbose", options.verbose).field("name", options.name).read(json));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace midge::codec {

// A type that a value must have though nobody wants the value.
enum class JsonType : std::uint8_t {
  kString,
  kBool,
  kInt,  // 64 bits
  kInt32,
  kUint8,
  kUint64,
  kStrings,  // array of strings
  kObject,   // of whatever
};

class JsonFields {
 public:
  // `target` must outlive read(). Integers beyond its range become the nearest it holds.
  JsonFields& field(std::string_view name, bool& target) { return add(name, &target); }
  JsonFields& field(std::string_view name, int& target) { return add(name, &target); }
  JsonFields& field(std::string_view name, std::string& target) { return add(name, &target); }
  JsonFields& checked(std::string_view name, JsonType type) { return add(name, type); }

  // On error the targets may be partly filled.
  [[nodiscard]] Result<void> read(std::string_view json) const;

  using Target = std::variant<bool*, int*, std::string*, JsonType>;
  struct Field {
    std::string_view name;  // ASCII, lower case
    Target target;
  };

 private:
  JsonFields& add(std::string_view name, Target target) {
    fields_.push_back({name, target});
    return *this;
  }
  std::vector<Field> fields_;
};

}  // namespace midge::codec
