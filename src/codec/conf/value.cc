#include "codec/conf/value.h"

namespace midge::conf {

std::string to_string(const Position& position) {
  std::string text = position.file == nullptr ? std::string() : *position.file;
  text += ':';
  text += std::to_string(position.line);
  text += ':';
  text += std::to_string(position.column);
  return text;
}

const char* Value::type_name() const {
  switch (kind) {
    case Kind::kString:
      return "string";
    case Kind::kInteger:
      return "int64";
    case Kind::kFloat:
      return "float64";
    case Kind::kBool:
      return "bool";
    case Kind::kTime:
      return "time.Time";
    case Kind::kArray:
      return "[]interface {}";
    case Kind::kMap:
      return "map[string]interface {}";
  }
  return "";
}

const Member* Value::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member;
  return nullptr;
}

}  // namespace midge::conf
