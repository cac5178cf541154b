// Goal: what is written are the bytes that Go's encoding/json writes.
// Method: tables of values with Go's own output.
#include "codec/json_writer.h"

#include <doctest/doctest.h>

#include <limits>

namespace midge::codec {
namespace {

template <class Value>
std::string written(Value value) {
  return JsonWriter().value(value).take();
}

}  // namespace

TEST_CASE("strings are escaped as Go escapes them") {
  std::string ascii;
  for (char letter = 0; letter < 0x7f; ++letter) ascii += letter;
  ascii += '\x7f';
  CHECK(
      written(std::string_view(ascii)) ==
      "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u00"
      "0f"
      "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c"
      "\\u001d\\u001e\\u001f !\\\"#$%\\u0026'()*+,-./0123456789:;\\u003c=\\u003e?@"
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f\"");
  CHECK(written("é€😀\u2028\u2029\ufffd") == "\"é€😀\\u2028\\u2029\ufffd\"");
  CHECK(written("") == "\"\"");
}

TEST_CASE("malformed UTF-8 is replaced byte by byte") {
  CHECK(written("a\xff"
                "b\xc0\xaf"
                "c\xed\xa0\x80"
                "d\xf4\x90\x80\x80"
                "e\xe2\x82"
                "f\xe2") ==
        "\"a\\ufffdb\\ufffd\\ufffdc\\ufffd\\ufffd\\ufffdd\\ufffd\\ufffd\\ufffd\\ufffd"
        "e\\ufffd\\ufffdf\\ufffd\"");
}

TEST_CASE("numbers") {
  const struct {
    double number;
    const char* text;
  } table[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1, "-1"},
      {1.5, "1.5"},
      {0.1, "0.1"},
      {100, "100"},
      {1e20, "100000000000000000000"},
      {123456789012345678901.0, "123456789012345680000"},
      {1e21, "1e+21"},
      {1.5e21, "1.5e+21"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.234e-7, "1.234e-7"},
      {-2.5e-9, "-2.5e-9"},
      {1e-10, "1e-10"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {1.7976931348623157e+308, "1.7976931348623157e+308"},
      {0.000001234, "0.000001234"},
      {3.14159, "3.14159"},
      {1234567.891, "1234567.891"},
      {9007199254740993.0, "9007199254740992"},
      {12345678901234567890.0, "12345678901234567000"},
      {std::numeric_limits<double>::infinity(), "null"},
  };
  for (const auto& one : table) {
    CAPTURE(one.text);
    CHECK(written(one.number) == one.text);
  }
  CHECK(written(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(written(std::uint8_t{200}) == "200");
  CHECK(written(true) == "true");
}

TEST_CASE("times") {
  const struct {
    std::int64_t seconds, nanos;
    const char* text;
  } table[] = {
      {0, 0, "1970-01-01T00:00:00Z"},
      {0, 1, "1970-01-01T00:00:00.000000001Z"},
      {1700000000, 123456789, "2023-11-14T22:13:20.123456789Z"},
      {1700000000, 120000000, "2023-11-14T22:13:20.12Z"},
      {951782400, 500, "2000-02-29T00:00:00.0000005Z"},
      {-1, 999999999, "1969-12-31T23:59:59.999999999Z"},
      {1709164800, 0, "2024-02-29T00:00:00Z"},
      {4102444799, 999000000, "2099-12-31T23:59:59.999Z"},
  };
  for (const auto& one : table) {
    const WallTime time{one.seconds * 1'000'000'000 + one.nanos};
    CHECK(rfc3339_nano(time) == one.text);
    CHECK(written(time) == '"' + std::string(one.text) + '"');
  }
}

TEST_CASE("compact objects and arrays") {
  JsonWriter json;
  json.begin_object()
      .field("num", 3)
      .field_unless_empty("name", "")
      .field_unless_empty("on", false);
  json.field_unless_empty("zero", 0).field_unless_empty("name", "x").field("y<", "<&>");
  json.key("list").begin_array().value(1).null().begin_object().end_object().begin_array();
  json.end_array().end_array().key("raw").raw("[1, 2]").field("last", true).end_object();
  CHECK(json.text() ==
        "{\"num\":3,\"name\":\"x\",\"y\\u003c\":\"\\u003c\\u0026\\u003e\","
        "\"list\":[1,null,{},[]],\"raw\":[1, 2],\"last\":true}");
}

TEST_CASE("pretty objects and arrays") {
  JsonWriter json(true);
  json.begin_object().key("x").begin_object();
  json.key("a").begin_array().value(1).value(2).end_array();
  json.key("b").begin_object().end_object().key("c").begin_array().end_array();
  json.key("d").begin_array().begin_object().key("k").null().end_object().begin_array().end_array();
  json.begin_array().value(3).end_array().end_array().end_object();
  json.field("y<", "<&>").end_object();
  CHECK(json.take() ==
        "{\n  \"x\": {\n    \"a\": [\n      1,\n      2\n    ],\n    \"b\": {},\n    \"c\": [],\n"
        "    \"d\": [\n      {\n        \"k\": null\n      },\n      [],\n      [\n        3\n"
        "      ]\n    ]\n  },\n  \"y\\u003c\": \"\\u003c\\u0026\\u003e\"\n}");
  CHECK(JsonWriter(true).begin_array().end_array().take() == "[]");
}

TEST_CASE("a text made of parts is as if it were written in one go") {
  for (const bool pretty : {true, false}) {
    CAPTURE(pretty);
    const auto element = [](JsonWriter& json, int number) {
      json.begin_object().field("n", number).key("list").begin_array().value("a").end_array();
      json.end_object();
    };
    JsonWriter whole(pretty);
    whole.begin_object().key("all").begin_array();
    for (const int number : {1, 2}) element(whole, number);
    whole.end_array().end_object();

    JsonWriter json(pretty);
    std::string text = json.begin_object().key("all").begin_array().take();
    JsonWriter list = JsonWriter::for_value(pretty, 3);
    list.begin_array().value("a").end_array();
    JsonWriter elements = JsonWriter::for_elements(pretty, 2);
    element(elements, 1);
    text += elements.take().substr(1);  // the list's first element has no comma
    elements.begin_object().field("n", 2).key("list").raw(list.text()).end_object();
    text += elements.take();
    text += JsonWriter::for_elements(pretty, 2).end_array().end_object().take();
    CHECK(text == whole.text());
  }
}

}  // namespace midge::codec
