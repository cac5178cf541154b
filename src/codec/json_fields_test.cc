// Goal: JSON from clients is read as Go's encoding/json reads it into a struct.
// Method: a table of texts with what Go made of each.
#include "codec/json_fields.h"

#include <doctest/doctest.h>

#include "codec/json_reader.h"

namespace midge::codec {
namespace {

struct Outcome {
  bool verbose = false;
  int protocol = 0;
  std::string name = "old", user, pass;
};

bool read(std::string_view json, Outcome& outcome) {
  return JsonFields()
      .field("verbose", outcome.verbose)
      .field("protocol", outcome.protocol)
      .field("name", outcome.name)
      .field("user", outcome.user)
      .field("pass", outcome.pass)
      .checked("urls", JsonType::kStrings)
      .checked("import", JsonType::kObject)
      .checked("small", JsonType::kUint8)
      .checked("big", JsonType::kUint64)
      .read(json)
      .has_value();
}

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("texts that Go accepts") {
  const struct {
    std::string_view json;
    std::string_view name = "old";
    int protocol = 0;
  } table[] = {
      {"{}"},
      {" \t\r\n{} "},
      {"null"},
      {R"({"NAME":"b"})", "b"},
      {R"({"name":"a","Name":"c"})", "c"},
      {R"({"name":null})"},
      {R"({"protocol":-0})"},
      {R"({"x":{"a":[1,{"b":null,"name":"no"}]},"name":"z"})", "z"},
      {"{\"name\":\"\xff\"}", "\ufffd"},
      {R"({"name":"\ud800"})", "\ufffd"},
      {R"({"name":"\ud800\u0041"})", "\ufffdA"},
      {R"({"name":"\ud83d\ude00"})", "😀"},
      {R"({"name":"\udc00x"})", "\ufffdx"},
      {R"({"name":"\\ud800"})", "\\ud800"},
      {R"({"n\u0061me":"esc"})", "esc"},
      {R"({"":1})"},
      {"{\"name\":\"\x7f\"}", "\x7f"},
      {R"({"name":"a\/b"})", "a/b"},
      {"{\"n\u0061me\":\"\"}", ""},
      {R"({"protocol":1})", "old", 1},
      {R"({"protocol":99999999999})", "old", 2147483647},
      {R"({"urls":["a",null]})"},
      {R"({"urls":[],"name":"n"})", "n"},
      {R"({"import":{"name":1},"name":"n"})", "n"},
      {R"({"small":255,"big":18446744073709551615})"},
      {R"({"a":[[],{}],"b":[{"c":1}]})"},
      {R"({"x":123456789012345678901234567890,"y":1e300,"z":-1.5E-7})"},
  };
  for (const auto& one : table) {
    CAPTURE(one.json);
    Outcome outcome;
    CHECK(read(one.json, outcome));
    CHECK(outcome.name == one.name);
    CHECK(outcome.protocol == one.protocol);
  }
}

TEST_CASE("Go's folding of letters beyond ASCII") {
  Outcome outcome;
  CHECK(read("{\"pa\u017f\u017f\":\"long\"}", outcome));
  CHECK(outcome.pass == "long");
}

TEST_CASE("texts that Go refuses") {
  const std::string_view table[] = {
      "",
      " ",
      "[]",
      "\"x\"",
      "1",
      "true",
      "{",
      "{\"a\"",
      R"({"name":"a",})",
      R"({"name":1})",
      R"({"verbose":1})",
      R"({"verbose":"true"})",
      R"({"protocol":1.0})",
      R"({"protocol":1e0})",
      R"({"protocol":"1"})",
      R"({"protocol":true})",
      R"({"protocol":99999999999999999999})",
      "{} x",
      "{}\0"sv,
      "{}\0{}"sv,
      "\0{}"sv,
      "{\"name\":\"a\tb\"}",
      R"({"name":"\x"})",
      R"({"x":01})",
      R"({"x":-})",
      R"({"x":1.})",
      R"({"x":.5})",
      R"({"x":+1})",
      R"({"x":NaN})",
      "\xef\xbb\xbf{}",
      R"({"a":1 "b":2})",
      "{'a':1}",
      R"({"name":"a"}{)",
      R"({"a":tru})",
      R"({"name":["x"]})",
      R"({"name":{}})",
      "{/**/}",
      R"({"urls":["a",1]})",
      R"({"urls":"a"})",
      R"({"urls":[["a"]]})",
      R"({"urls":[{}]})",
      R"({"import":[]})",
      R"({"small":256})",
      R"({"small":-1})",
      R"({"big":18446744073709551616})",
      "{\"name\":\"a\0b\"}"sv,
      R"({"name":"\u12"})",
      R"({"name":"\ud800)",
      "{\"name\":\"\\",
  };
  for (const std::string_view json : table) {
    CAPTURE(json);
    Outcome outcome;
    CHECK_FALSE(read(json, outcome));
  }
}

TEST_CASE("errors say what is wrong") {
  Outcome outcome;
  const auto error = [&](std::string_view json) {
    return JsonFields().field("name", outcome.name).read(json).error().text();
  };
  CHECK(error("") == "unexpected end of JSON input");
  CHECK(error("{\"name\":1}") == "json: cannot unmarshal number into field name");
  CHECK(error("{} x") == "JSON: text after the top-level value");
}

TEST_CASE("nesting is bounded, and costs no stack") {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  Outcome outcome;
  CHECK(read(nested(9'999), outcome));
  CHECK_FALSE(read(nested(10'000), outcome));
  CHECK_FALSE(read(nested(1'000'000), outcome));
  CHECK_FALSE(read(std::string(1'000'000, '['), outcome));
}

}  // namespace midge::codec
