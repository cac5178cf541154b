// Goal: trees hold what the text says, and members are found and typed as Go's fields are.
// Method: small texts.
#include "codec/json_tree.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("json tree: nesting, order, numbers as written") {
  const auto tree = read_json_tree(R"({"a":[1,{"b":2.50}],"c":null,"d":true})");
  REQUIRE(tree);
  REQUIRE(tree->members.size() == 3);
  const JsonValue* list = tree->find("a");
  REQUIRE(list != nullptr);
  REQUIRE(list->items.size() == 2);
  CHECK(list->items[0].integer() == 1);
  CHECK(list->items[1].find("b")->text == "2.50");
  CHECK(!list->items[1].find("b")->integer());
  CHECK(tree->find("c") == nullptr);
  CHECK(tree->find("d")->truth);
  CHECK(!read_json_tree("{"));
}

TEST_CASE("json tree: nesting is bounded: what is deep is refused, however deep") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(read_json_tree(nested(128)));
  for (const std::size_t depth : {std::size_t{129}, std::size_t{9'000}, std::size_t{1'000'000}}) {
    const auto tree = read_json_tree(nested(depth));
    REQUIRE_FALSE(tree);
    CHECK(tree.error().text() == "JSON: exceeded max depth");
  }
}

TEST_CASE("json tree: names without case, the last duplicate wins, null changes nothing") {
  const auto tree = read_json_tree(R"({"Sub":"a","SUB":"b","sub":null,"n":7})");
  REQUIRE(tree);
  std::string sub;
  std::int64_t number = 1, absent = 3;
  JsonReader reader(&*tree);
  reader.read("sub", sub).read("n", number).read("absent", absent);
  CHECK(reader.done());
  CHECK(sub == "b");
  CHECK(number == 7);
  CHECK(absent == 3);
}

TEST_CASE("json tree: a wrong type is an error that names the field") {
  const auto tree = read_json_tree(R"({"a":1,"b":"x","c":["y",2],"d":1.5,"e":[]})");
  REQUIRE(tree);
  const auto error_of = [&](auto take) {
    JsonReader reader(&*tree, "nats");
    take(reader);
    const auto result = reader.done();
    return result ? std::string() : result.error().text();
  };
  std::string text;
  std::int64_t number = 0;
  std::vector<std::string> list;
  bool truth = false;
  CHECK(error_of([&](auto& r) { r.read("a", text); }) == "json: wrong type of field nats.a");
  CHECK(error_of([&](auto& r) { r.read("b", number); }) == "json: wrong type of field nats.b");
  CHECK(error_of([&](auto& r) { r.read("c", list); }) == "json: wrong type of field nats.c");
  CHECK(error_of([&](auto& r) { r.read("d", number); }) == "json: wrong type of field nats.d");
  CHECK(error_of([&](auto& r) { r.read("a", truth); }) == "json: wrong type of field nats.a");
  CHECK(error_of([&](auto& r) { r.object("e"); }) == "json: wrong type of field nats.e");
  CHECK(error_of([&](auto& r) { r.read("e", list); }).empty());
}

}  // namespace
}  // namespace midge::codec
