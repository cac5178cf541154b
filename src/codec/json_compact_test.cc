// Goal: blanks between tokens go, all else stays. Method: a table.
#include "codec/json_compact.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("json: compact") {
  const struct {
    const char *json, *compact;
  } rows[] = {
      {"", ""},
      {"{\n  \"a\": [\n    1,\n    2\n  ]\n}", R"({"a":[1,2]})"},
      {R"({"a b": "c  d"})", R"({"a b":"c  d"})"},
      {R"({"a": "\" ,\\" , "b" : 1})", R"({"a":"\" ,\\","b":1})"},
      {R"("\)", R"("\)"},
  };
  for (const auto& row : rows) CHECK(compact_json(row.json) == row.compact);
}

}  // namespace
}  // namespace midge::codec
