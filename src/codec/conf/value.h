// The tree that a configuration text stands for, with the place of every key and value.
//
// Plain values; positions point at file names that the Document owns, so a tree must not outlive
// its Document. Depth and size are bounded by the parser. Thread: any, not shared while written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace midge::conf {

// Where something begins. Columns count as nats-server counts them, since tools read them: from 0
// on the first line of a file, from 1 on all others, in bytes.
struct Position {
  const std::string* file = nullptr;  // as the user wrote it, or as an include resolved to
  std::uint32_t line = 1;
  std::uint32_t column = 0;
  std::uint32_t order = 0;  // of reading, across included files: errors are sorted by it
};

// `file:line:column`.
[[nodiscard]] std::string to_string(const Position& position);

enum class Kind : std::uint8_t { kString, kInteger, kFloat, kBool, kTime, kArray, kMap };

struct Member;

struct Value {
  Kind kind = Kind::kString;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;             // of strings; of times, in RFC 3339
  std::vector<Value> items;     // of arrays
  std::vector<Member> members;  // of maps: each key once, the last definition wins
  Position position;

  // The type's name in error texts: those of Go, as nats-server prints them.
  [[nodiscard]] const char* type_name() const;
  [[nodiscard]] const Member* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Value value;
  Position position;
  bool is_variable = false;  // some `$key` referred to it: then it need not be a known option
};

struct Document {
  Value root;  // a map
  std::vector<std::unique_ptr<const std::string>> files;
};

}  // namespace midge::conf
