// Goal: [AUTH-23] claims are asked for with a plain GET, and every failure says what was asked.
// Method: a network that answers what the test says.
#include "server/operator/url_source.h"

#include <doctest/doctest.h>

#include "server/test_answering_net.h"

namespace midge::server {
namespace {

std::string error_of(const Result<std::string>& result) {
  return result ? "" : result.error().text();
}

TEST_CASE("url source: what is asked, and of whom") {
  AnsweringNet net;
  StandingClock clock;
  const auto ask = [&](const char* url, const char* account) {
    return UrlSource(url, net, clock, nullptr).fetch(account);
  };
  net.answers = {std::string("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ntoken")};
  CHECK(ask("http://host:8080/jwt/v1", "AKEY") == "token");
  CHECK(net.asked == io::Address{"host", 8080});
  CHECK(net.request.starts_with("GET /jwt/v1/AKEY HTTP/1.1\r\nHost: host:8080\r\n"));
  CHECK(ask("http://[::1]:80/", "").has_value());
  CHECK(net.asked == io::Address{"::1", 80});
  CHECK(ask("http://host", "A").has_value());
  CHECK(net.request.starts_with("GET /A HTTP/1.1\r\nHost: host\r\n"));
}

TEST_CASE("url source: what goes wrong") {
  AnsweringNet net;
  StandingClock clock;
  UrlSource source("http://h:1/a/", net, clock, nullptr);
  net.answers = {std::string("HTTP/1.1 404 Not Found\r\n\r\nnothing")};
  CHECK(error_of(source.fetch("K")) == "could not fetch <\"http://h:1/a/K\">: 404 Not Found");
  net.answers = {failure("dial tcp 127.0.0.1:1: connect: connection refused")};
  CHECK(
      error_of(source.fetch("")) ==
      "could not fetch <\"http://h:1/a/\">: Get \"http://h:1/a/\": dial tcp 127.0.0.1:1: connect: "
      "connection refused");
  net.answers = {std::string("HTTP/1.1 200 OK\r\n\r\n")};
  for (const char* url : {"ftp://h/", "http://:1/", "http://h:x/", "h"})
    CHECK_MESSAGE(!UrlSource(url, net, clock, nullptr).fetch("K"), url);
  CHECK(error_of(UrlSource("ftp://a:pw@h/", net, clock, nullptr).fetch("K")) ==
        "could not fetch <\"ftp://a:xxxxx@h/K\">: Get \"ftp://a:xxxxx@h/K\": unsupported protocol "
        "scheme \"ftp\"");
}

}  // namespace
}  // namespace midge::server
