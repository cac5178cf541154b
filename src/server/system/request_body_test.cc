// Goal: bodies become queries, and what is wrong with one is said in nats-server's words. Method:
// tables; the texts are nats-server's. [SYS-03, SYS-06]
#include "server/system/request_body.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

using Kind = BodyOption::Kind;

constexpr BodyOption kOptions[] = {
    {"auth", Kind::kBool, "auth"},
    {"sort", Kind::kOrder, "sort"},
    {"detail", Kind::kFlag, "subs", "detail"},
    {"limit", Kind::kInt, "limit"},
    {"cid", Kind::kUnsigned, "cid"},
    {"state", Kind::kState, "state"},
    {"accounts", Kind::kTexts, "accounts"},
    {"duration", Kind::kDuration, "duration"},
};
constexpr BodyType kType{"XEventOptions", "XOptions", kOptions};

TEST_CASE("request body: becomes a query") {
  const struct {
    const char *body, *query;
  } rows[] = {
      {"", ""},
      {"null", ""},
      {"{}", ""},
      {R"({"unknown":[1],"auth":null})", ""},
      {R"({"AUTH":true,"limit":-3})", "auth=1&limit=-3"},
      {R"({"detail":false})", ""},
      {R"({"detail":true,"sort":"a b&c=d"})", "sort=a%20b%26c%3Dd&subs=detail"},
      {R"({"state":0})", "state=open"},
      {R"({"state":2})", "state=all"},
      {R"({"state":7})", "state=7"},
      {R"({"accounts":["A","B"],"cid":18446744073709551615})",
       "cid=18446744073709551615&accounts=A%0AB%0A"},
  };
  for (const auto& row : rows) {
    const auto body = parse_body(kType, row.body);
    REQUIRE_MESSAGE(body, row.body);
    CHECK(body->query == row.query);
  }
}

TEST_CASE("request body: for whom it is") {
  const auto body = parse_body(kType, R"({"server_name":"a","tags":["x"],"exact_match":true})");
  REQUIRE(body);
  CHECK(body->filter.name == "a");
  CHECK(body->filter.tags == std::vector<std::string>{"x"});
  CHECK(body->filter.exact);
}

TEST_CASE("request body: what is none") {
  const std::string field = "json: cannot unmarshal ";
  const struct {
    const char* body;
    std::string error;
  } rows[] = {
      {"[]", field + "array into Go value of type server.XEventOptions"},
      {"3", field + "number into Go value of type server.XEventOptions"},
      {R"({"auth":1})",
       field + "number into Go struct field XEventOptions.XOptions.auth of type bool"},
      {R"({"limit":1.5})",
       field + "number 1.5 into Go struct field XEventOptions.XOptions.limit of type int"},
      {R"({"cid":-1})",
       field + "number -1 into Go struct field XEventOptions.XOptions.cid of type uint64"},
      {R"({"state":"open"})",
       field + "string into Go struct field XEventOptions.XOptions.state of type server.ConnState"},
      {R"({"duration":"1s"})",
       field + "string into Go struct field XEventOptions.XOptions.duration of type time.Duration"},
      {R"({"accounts":[1]})",
       field + "number into Go struct field XEventOptions.XOptions.accounts of type string"},
      {R"({"tags":1,"auth":1})",
       field +
           "number into Go struct field XEventOptions.EventFilterOptions.tags of type []string"},
  };
  for (const auto& row : rows) {
    const auto body = parse_body(kType, row.body);
    REQUIRE_MESSAGE(!body, row.body);
    CHECK(body.error().text() == row.error);
  }
  CHECK(!parse_body(kType, "{bad"));
  const auto plain = parse_body({"EventFilterOptions", "", {}}, R"({"host":1})");
  REQUIRE(!plain);
  CHECK(plain.error().text() ==
        field + "number into Go struct field EventFilterOptions.host of type string");
}

}  // namespace
}  // namespace midge::server
