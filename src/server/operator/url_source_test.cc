// Goal: [AUTH-23] claims are asked for with a plain GET, and every failure says what was asked.
// Method: a network that answers what the test says.
#include "server/operator/url_source.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

class AnsweringNet final : public io::Net {
 public:
  Result<std::string> answer = std::string();
  io::Address asked;
  std::string request;

  Result<std::string> exchange(const io::Address& address, std::string_view said, Duration,
                               std::size_t) override {
    asked = address;
    request = said;
    return answer;
  }
  Result<std::unique_ptr<io::Listener>> listen(io::Loop&, const io::Address&,
                                               io::ListenerEvents&) override {
    return failure("nobody listens here");
  }
  std::vector<std::string> interface_addresses() override { return {}; }
};

std::string error_of(const Result<std::string>& result) {
  return result ? "" : result.error().text();
}

TEST_CASE("url source: what is asked, and of whom") {
  AnsweringNet net;
  net.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ntoken";
  CHECK(UrlSource("http://host:8080/jwt/v1", net).fetch("AKEY") == "token");
  CHECK(net.asked == io::Address{"host", 8080});
  CHECK(net.request.starts_with("GET /jwt/v1/AKEY HTTP/1.0\r\nHost: host:8080\r\n"));
  CHECK(net.request.ends_with("\r\n\r\n"));
  CHECK(UrlSource("http://[::1]:80/", net).fetch("").has_value());
  CHECK(net.asked == io::Address{"::1", 80});
  CHECK(UrlSource("http://host", net).fetch("A").has_value());
  CHECK(net.asked == io::Address{"host", 80});
  CHECK(net.request.starts_with("GET /A HTTP/1.0\r\nHost: host\r\n"));
}

TEST_CASE("url source: what goes wrong") {
  AnsweringNet net;
  UrlSource source("http://h:1/a/", net);
  net.answer = "HTTP/1.1 404 Not Found\r\n\r\nnothing";
  CHECK(error_of(source.fetch("K")) == "could not fetch <\"http://h:1/a/K\">: 404 Not Found");
  net.answer = failure("dial tcp 127.0.0.1:1: connect: connection refused");
  CHECK(
      error_of(source.fetch("")) ==
      "could not fetch <\"http://h:1/a/\">: Get \"http://h:1/a/\": dial tcp 127.0.0.1:1: connect: "
      "connection refused");
  for (const char* answer : {"", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n"}) {
    net.answer = answer;
    CHECK_MESSAGE(!source.fetch("K"), answer);
  }
  for (const char* url : {"https://h/", "ftp://h/", "http://:1/", "http://h:x/", "h"})
    CHECK_MESSAGE(!UrlSource(url, net).fetch("K"), url);
}

}  // namespace
}  // namespace midge::server
