#include "codec/json_compact.h"

namespace midge::codec {

std::string compact_json(std::string_view json) {
  std::string compact;
  compact.reserve(json.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (c == '\\' && i + 1 < json.size()) {
      compact += c;
      compact += json[++i];
      continue;
    }
    const bool is_blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (in_string || !is_blank) compact += c;
  }
  return compact;
}

}  // namespace midge::codec
