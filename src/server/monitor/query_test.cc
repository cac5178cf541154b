// Goal: query parameters are read as Go reads them, and refused in Go's words.
// Method: tables of queries and the texts nats-server 2.15.2 answered to them.
#include "server/monitor/query.h"

#include <doctest/doctest.h>

#include <limits>

using midge::server::percent_decoded;
using midge::server::PlusSign;
using midge::server::Query;

TEST_CASE("percent decoding") {
  CHECK(percent_decoded("a%20b+c", PlusSign::kLiteral) == "a b+c");
  CHECK(percent_decoded("a%20b+c", PlusSign::kSpace) == "a b c");
  CHECK(percent_decoded("%41%62", PlusSign::kLiteral) == "Ab");
  CHECK(percent_decoded("%", PlusSign::kLiteral) == std::nullopt);
  CHECK(percent_decoded("%4", PlusSign::kLiteral) == std::nullopt);
  CHECK(percent_decoded("%zz", PlusSign::kLiteral) == std::nullopt);
}

TEST_CASE("pairs") {
  const Query query("a=1&b=%32&c&=x&a=3&d=4;e=5&f=%zz&g=x=y");
  CHECK(query.text("a") == "1");  // the first of two
  CHECK(query.text("b") == "2");
  CHECK(query.text("c").empty());
  CHECK(query.text("d").empty());  // semicolons separate nothing, and spoil their pair
  CHECK(query.text("e").empty());
  CHECK(query.text("f").empty());
  CHECK(query.text("g") == "x=y");
}

TEST_CASE("booleans") {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
    CHECK(Query(std::string("x=") + yes).boolean("x").value());
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False", ""})
    CHECK_FALSE(Query(std::string("x=") + no).boolean("x").value());
  CHECK_FALSE(Query("").boolean("x").value());
  CHECK(Query("auth=tRUE").boolean("auth").error().text() ==
        "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"tRUE\": invalid syntax");
  CHECK(Query("auth=%22%3C").boolean("auth").error().text() ==
        "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"\\\"<\": invalid syntax");
}

TEST_CASE("integers") {
  struct Row {
    const char* text;
    std::int64_t value;
  };
  for (const Row& row : {Row{"", 0}, Row{"7", 7}, Row{"-7", -7}, Row{"%2B7", 7}, Row{"007", 7},
                         Row{"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
                         Row{"-9223372036854775808", std::numeric_limits<std::int64_t>::min()}}) {
    CAPTURE(row.text);
    CHECK(Query(std::string("n=") + row.text).integer("n").value() == row.value);
  }
  const auto error = [](const std::string& text) {
    return Query("limit=" + text).integer("limit").error().text();
  };
  const std::string before = "Error decoding int for 'limit': strconv.Atoi: parsing ";
  CHECK(error("x") == before + "\"x\": invalid syntax");
  CHECK(error("+5") == before + "\" 5\": invalid syntax");
  CHECK(error("1_0") == before + "\"1_0\": invalid syntax");
  CHECK(error("-") == before + "\"-\": invalid syntax");
  CHECK(error("99999999999999999999") == before + "\"99999999999999999999\": value out of range");
  CHECK(error("9223372036854775808") == before + "\"9223372036854775808\": value out of range");
  CHECK(error("%C3%A9") == before + "\"é\": invalid syntax");
}

TEST_CASE("unsigned integers") {
  CHECK(Query("cid=18446744073709551615").unsigned_integer("cid").value() ==
        std::numeric_limits<std::uint64_t>::max());
  const auto error = [](const std::string& text) {
    return Query("cid=" + text).unsigned_integer("cid").error().text();
  };
  const std::string before = "Error decoding uint64 for 'cid': strconv.ParseUint: parsing ";
  CHECK(error("-1") == before + "\"-1\": invalid syntax");
  CHECK(error("18446744073709551616") == before + "\"18446744073709551616\": value out of range");
}
