// Goal: each line is one JSON object, whatever is in its text. Method: lines by hand, in UTC.
#include "io/posix/log_json.h"

#include <doctest/doctest.h>

using namespace midge;
using io::json_line;

namespace {

std::string line(std::string text, LogLevel level = LogLevel::kInfo) {
  // 2026-08-21T14:50:11.000000042Z
  const WallTime time{1'787'323'811'000'000'042};
  std::string json = json_line({level, time, std::move(text)}, 7, true);
  const std::string head = R"({"time":"2026-08-21T14:50:11.000000042Z","level":")";
  REQUIRE(json.starts_with(head));
  REQUIRE(json.ends_with("}\n"));
  return json.substr(head.size(), json.size() - head.size() - 2);
}

}  // namespace

TEST_CASE("levels and a plain text") {
  CHECK(line("hi") == R"(info","pid":7,"message":"hi")");
  CHECK(line("", LogLevel::kTrace) == R"(trace","pid":7,"message":"")");
  CHECK(line("", LogLevel::kFatal).starts_with("fatal"));
}

TEST_CASE("lines of a connection") {
  CHECK(line("127.0.0.1:5 - cid:12 - Client connection created") ==
        R"(info","pid":7,"client":"127.0.0.1:5","cid":12,"message":"Client connection created")");
  CHECK(line("[::1]:5 - cid:1 - a - cid:2 - b") ==
        R"(info","pid":7,"client":"[::1]:5","cid":1,"message":"a - cid:2 - b")");
  for (const char* text : {"x - cid: - y", "x - cid:1", "x - cid:1x - y", "a b - cid:1 - y"}) {
    CAPTURE(text);
    CHECK(line(text) == R"(info","pid":7,"message":")" + std::string(text) + "\"");
  }
}

TEST_CASE("what JSON does not take is escaped") {
  CHECK(line("a\"b\\c\nd\x01") == R"(info","pid":7,"message":"a\"b\\c\u000ad\u0001")");
  CHECK(line("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "info\",\"pid\":7,\"message\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
  // Cut off, too long, a half of a pair, beyond Unicode.
  CHECK(line("\xc3") == R"(info","pid":7,"message":"\ufffd")");
  CHECK(line("\xc0\x80") == R"(info","pid":7,"message":"\ufffd\ufffd")");
  CHECK(line("\xed\xa0\x80x") == R"(info","pid":7,"message":"\ufffd\ufffd\ufffdx")");
  CHECK(line("\xf4\x90\x80\x80") == R"(info","pid":7,"message":"\ufffd\ufffd\ufffd\ufffd")");
}
