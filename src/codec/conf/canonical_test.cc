// Goal: the text that the configuration digest is taken of is Go's JSON, byte for byte.
// Method: values made by hand; the expectations were checked against digests that the peer printed.
#include "codec/conf/canonical.h"

#include <doctest/doctest.h>

namespace midge::conf {
namespace {

std::string json_of(Value value) {
  std::string text = canonical_json(value);
  REQUIRE(text.ends_with('\n'));
  text.pop_back();
  return text;
}

std::string json_of_text(const std::string& text) {
  Value value;
  value.text = text;
  return json_of(value);
}

std::string json_of_number(double number) {
  Value value;
  value.kind = Kind::kFloat;
  value.number = number;
  return json_of(value);
}

TEST_CASE("strings are escaped as Go escapes them") {
  CHECK(json_of_text("a\"b\\") == R"("a\"b\\")");
  CHECK(json_of_text("<&>") == R"("\u003c\u0026\u003e")");
  CHECK(json_of_text("\b\f\n\r\t\x01\x1f\x7f") == "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  CHECK(json_of_text("\xC3\xA9\xE2\x80\xA8\xE2\x80\xA9") == "\"\xC3\xA9\\u2028\\u2029\"");
  CHECK(json_of_text("\xF0\x9F\x98\x80") == "\"\xF0\x9F\x98\x80\"");
  // Each byte that is not UTF-8 counts: lone, too long, cut off, surrogate, beyond Unicode.
  CHECK(json_of_text("\xff") == R"("\ufffd")");
  CHECK(json_of_text("\xC0\x80") == R"("\ufffd\ufffd")");
  CHECK(json_of_text("\xE2\x80") == R"("\ufffd\ufffd")");
  CHECK(json_of_text("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");
  CHECK(json_of_text("\xF4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");
}

TEST_CASE("floats are as short as they can be") {
  CHECK(json_of_number(1) == "1");
  CHECK(json_of_number(0.1) == "0.1");
  CHECK(json_of_number(-0.0) == "-0");
  CHECK(json_of_number(123456789.125) == "123456789.125");
  CHECK(json_of_number(0.000001) == "0.000001");
  CHECK(json_of_number(0.0000001) == "1e-7");
  CHECK(json_of_number(1.5e-10) == "1.5e-10");
  CHECK(json_of_number(1e20) == "100000000000000000000");
  CHECK(json_of_number(1e21) == "1e+21");
  CHECK(json_of_number(1.7976931348623157) == "1.7976931348623157");
}

TEST_CASE("maps are sorted by key, bytewise") {
  Value map;
  map.kind = Kind::kMap;
  for (const char* key : {"b", "a", "B", "\xC3\xA9", "a2"}) {
    Member member;
    member.key = key;
    member.value.kind = Kind::kBool;
    map.members.push_back(member);
  }
  CHECK(json_of(map) == "{\"B\":false,\"a\":false,\"a2\":false,\"b\":false,\"\xC3\xA9\":false}");
}

}  // namespace
}  // namespace midge::conf
