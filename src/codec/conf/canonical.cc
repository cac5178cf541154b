#include "codec/conf/canonical.h"

#include <algorithm>
#include <vector>

#include "codec/json_writer.h"

namespace midge::conf {
namespace {

using codec::JsonWriter;

void write_value(JsonWriter& json, const Value& value);

void write_map(JsonWriter& json, const Value& map) {
  std::vector<const Member*> sorted;
  for (const Member& member : map.members) sorted.push_back(&member);
  std::ranges::sort(sorted, {},
                    [](const Member* member) -> const std::string& { return member->key; });
  json.begin_object();
  for (const Member* member : sorted) {
    json.key(member->key);
    write_value(json, member->value);
  }
  json.end_object();
}

void write_value(JsonWriter& json, const Value& value) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kTime:
      json.value(value.text);
      return;
    case Kind::kInteger:
      json.value(value.integer);
      return;
    case Kind::kFloat:
      json.value(value.number);
      return;
    case Kind::kBool:
      json.value(value.boolean);
      return;
    case Kind::kMap:
      write_map(json, value);
      return;
    case Kind::kArray:
      break;
  }
  json.begin_array();
  for (const Value& item : value.items) write_value(json, item);
  json.end_array();
}

}  // namespace

std::string canonical_json(const Value& value) {
  JsonWriter json;
  write_value(json, value);
  return json.take() + '\n';
}

}  // namespace midge::conf
