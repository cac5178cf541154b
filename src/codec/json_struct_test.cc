// Goal: what is described is read and written as encoding/json does it. Method: one struct with a
// field of each kind, tables of texts.
#include "codec/json_struct.h"

#include <doctest/doctest.h>

#include "codec/rfc3339.h"

namespace midge::codec {
namespace {

enum class Colour : std::uint8_t { kRed, kGreen };
std::span<const char* const> enum_texts(Colour) {
  static constexpr const char* kTexts[] = {"red", "green"};
  return kTexts;
}

struct Inner {
  std::string name;
  bool operator==(const Inner&) const = default;
};
template <class Visitor>
void describe(Visitor& v, Inner& inner) {
  v.field("name", inner.name);
}

struct Outer {
  std::string text;
  bool yes = false;
  std::int64_t number = 0;
  Duration age{};
  WallTime time = kNoTime;
  Colour colour = Colour::kRed;
  std::vector<std::string> list;
  StringMap map;
  std::optional<Inner> inner;
  std::vector<Inner> inners;
};
template <class Visitor>
void describe(Visitor& v, Outer& o) {
  v.name("Outer").field("text", o.text).unless_empty("yes", o.yes).field("number", o.number);
  v.unless_empty("age", o.age).field("time", o.time).field("colour", o.colour);
  v.unless_empty("list", o.list).unless_empty("map", o.map).unless_empty("inner", o.inner);
  v.unless_empty("inners", o.inners);
}

std::string error_of(std::string_view json, bool strict = true) {
  Outer outer;
  const auto result = read_json_struct(json, outer, strict);
  return result ? "" : result.error().text();
}

TEST_CASE("what was written reads back") {
  Outer outer;
  const char* text =
      R"({"text":"a","yes":true,"number":-3,"age":5,"time":"2026-01-02T03:04:05.6Z","colour":"green",)"
      R"("list":["x","y"],"map":{"k":"v"},"inner":{"name":"i"},"inners":[{"name":"j"},{"name":"k"}]})";
  REQUIRE(read_json_struct(text, outer, true));
  CHECK(outer.colour == Colour::kGreen);
  CHECK(outer.inners.size() == 2);
  CHECK(write_json_struct(outer) == text);
}

TEST_CASE("empty fields are left out, and no time is year 1") {
  CHECK(write_json_struct(Outer{}) ==
        R"({"text":"","number":0,"time":"0001-01-01T00:00:00Z","colour":"red"})");
}

TEST_CASE("names without regard to case, null, duplicates") {
  Outer outer;
  REQUIRE(read_json_struct(R"({"TEXT":"a","Number":null,"text":"b"})", outer, true));
  CHECK(outer.text == "b");
  CHECK(outer.number == 0);
}

TEST_CASE("errors have Go's texts") {
  CHECK(error_of(R"({"nix":1})") == R"(json: unknown field "nix")");
  CHECK(error_of(R"({"nix":1})", false).empty());
  CHECK(error_of(R"({"inner":{"nix":1}})") == R"(json: unknown field "nix")");
  CHECK(error_of(R"({"text":1})") ==
        "json: cannot unmarshal number into Go struct field Outer.text of type string");
  CHECK(error_of(R"({"number":"x"})") ==
        "json: cannot unmarshal string into Go struct field Outer.number of type int64");
  CHECK(error_of(R"({"number":1.5})") ==
        "json: cannot unmarshal number 1.5 into Go struct field Outer.number of type int64");
  CHECK(error_of(R"({"colour":"blue"})") == R"(can not unmarshal "\"blue\"")");
  CHECK(error_of(R"({"list":"x"})") ==
        "json: cannot unmarshal string into Go struct field Outer.list of type []string");
}

TEST_CASE("RFC 3339") {
  const auto ns = [](std::string_view text) {
    const auto time = parse_rfc3339(text);
    return time ? time->ns : -1;
  };
  CHECK(ns("1970-01-01T00:00:00Z") == 0);
  CHECK(ns("2026-11-30T03:17:27.123456789Z") == 1796008647123456789);
  CHECK(ns("2026-11-30T04:17:27.5+01:00") == 1796008647500000000);
  CHECK(ns("2024-02-29T00:00:00Z") == 1709164800000000000);
  for (const char* bad : {"", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                          "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00",
                          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "0001-01-01T00:00:00Z"})
    CHECK_MESSAGE(!parse_rfc3339(bad), bad);
}

}  // namespace
}  // namespace midge::codec
