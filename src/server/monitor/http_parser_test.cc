// Goal: requests are understood or refused as by nats-server's HTTP server, however they are cut.
// Method: whole requests, the same byte by byte, and refusals recorded from the peer.
#include "server/monitor/http_parser.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using midge::server::HttpParser;
using midge::server::HttpRequest;
using Status = HttpParser::Status;

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find("\r\n")); }

std::string refusal_of(std::string input) {
  HttpParser parser;
  return parser.parse(input) == Status::kRefused ? first_line(parser.refusal()) : "not refused";
}

}  // namespace

TEST_CASE("a request") {
  HttpParser parser;
  std::string input = "GET /con%6Ez?subs=1&x=%zz HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(parser.parse(input) == Status::kRequest);
  CHECK(input.empty());
  const HttpRequest request = parser.take_request();
  CHECK(request.path == "/connz");
  CHECK(request.raw_path == "/con%6Ez");
  CHECK(request.query == "subs=1&x=%zz");
  CHECK(request.keep_alive);
  CHECK_FALSE(request.head);
  CHECK_FALSE(request.http_1_0);
}

TEST_CASE("a request byte by byte, and another behind it") {
  const std::string one = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  const std::string two = "HEAD /b HTTP/1.0\r\n\r\n";
  HttpParser parser;
  std::string input;
  std::vector<HttpRequest> requests;
  for (const char c : one + two) {
    input += c;
    const Status status = parser.parse(input);
    REQUIRE(status != Status::kRefused);
    if (status == Status::kRequest) requests.push_back(parser.take_request());
  }
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].path == "/a");
  CHECK(requests[0].keep_alive);
  CHECK(requests[1].path == "/b");
  CHECK(requests[1].head);
  CHECK(requests[1].http_1_0);
  CHECK_FALSE(requests[1].keep_alive);
}

TEST_CASE("two requests in one piece") {
  std::string input = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  HttpParser parser;
  REQUIRE(parser.parse(input) == Status::kRequest);
  CHECK(parser.take_request().path == "/a");
  REQUIRE(parser.parse(input) == Status::kRequest);
  CHECK(parser.take_request().path == "/b");
  CHECK(parser.parse(input) == Status::kNeedMore);
}

TEST_CASE("whether the connection stays open") {
  const auto stays = [](std::string input) {
    HttpParser parser;
    REQUIRE(parser.parse(input) == Status::kRequest);
    return parser.take_request().keep_alive;
  };
  CHECK(stays("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK_FALSE(stays("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  CHECK_FALSE(stays("GET / HTTP/1.0\r\n\r\n"));
  CHECK(stays("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  // A body that nobody wants to read is not waited for.
  CHECK_FALSE(stays("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\nab"));
}

TEST_CASE("chunked bodies are read past") {
  std::string input =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  HttpParser parser;
  REQUIRE(parser.parse(input) == Status::kRequest);
  CHECK(parser.take_request().keep_alive);
  CHECK(input.empty());
}

TEST_CASE("methods and forms of target") {
  for (const char* line : {"FOO /x HTTP/1.1", "GET http://h:1/x HTTP/1.1", "DELETE /x HTTP/1.1"}) {
    std::string input = std::string(line) + "\r\nHost: x\r\n\r\n";
    HttpParser parser;
    REQUIRE(parser.parse(input) == Status::kRequest);
    CHECK(parser.take_request().path == "/x");
  }
}

TEST_CASE("refusals") {
  CHECK(refusal_of("garbage\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("PUB foo 3\r\nabc\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("GET / HTTP/1.1\r\n\r\n") ==
        "HTTP/1.1 400 Bad Request: missing required Host header");
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("GET x HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n") ==
        "HTTP/1.1 400 Bad Request");
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: foo\r\n\r\n") ==
        "HTTP/1.1 501 Not Implemented");
  CHECK(refusal_of("GET / HTTP/3.0\r\nHost: a\r\n\r\n") ==
        "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version");
}

TEST_CASE("headers are bounded") {
  const std::string endless(HttpParser::kHeaderBytesMax + 1, 'a');
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + endless) ==
        "HTTP/1.1 431 Request Header Fields Too Large");
  CHECK(refusal_of("GET /" + endless) == "HTTP/1.1 431 Request Header Fields Too Large");
  // A body that never ends is not gathered.
  std::string input = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  HttpParser parser;
  Status status = parser.parse(input);
  for (int i = 0; i < 100 && status == Status::kNeedMore; ++i) {
    input += "400\r\n" + std::string(0x400, 'a') + "\r\n";
    status = parser.parse(input);
  }
  REQUIRE(status == Status::kRequest);
  CHECK_FALSE(parser.take_request().keep_alive);
}
