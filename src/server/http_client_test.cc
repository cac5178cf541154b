// Goal: what is asked, what is taken for an answer, and what is not. Method: a network that answers
// what the test says, whole and byte by byte. TLS is tested with a real server
// (tests/server/test_https_client.py).
#include "server/http_client.h"

#include <doctest/doctest.h>

#include "server/test_answering_net.h"

namespace midge::server {
namespace {

struct Fixture {
  AnsweringNet net;
  StandingClock clock;
  HttpCall call{.url = "http://h:1/a?b"};

  std::string ask(std::string answer) {
    net.connections = 0;
    net.answers = {std::move(answer)};
    return ask();
  }
  std::string ask() {
    const auto answer = fetch(net, clock, call);
    if (!answer) return answer.error().text();
    return answer->status_text() + ": " + answer->body;
  }
};

TEST_CASE("http client: what is asked") {
  Fixture f;
  CHECK(f.ask("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == "200 OK: hi");
  CHECK(f.net.asked == io::Address{"h", 1});
  CHECK(f.net.request ==
        "GET /a?b HTTP/1.1\r\nHost: h:1\r\nUser-Agent: nats-server\r\nConnection: close\r\n\r\n");
  f.call.method = "POST";
  f.call.headers = {{"Content-Type", "text/x"}};
  f.call.body = "body";
  f.call.url = "http://ann:pw@[::1]/";
  CHECK(f.ask("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == "200 OK: ");
  CHECK(f.net.asked == io::Address{"::1", 80});
  CHECK(f.net.request ==
        "POST / HTTP/1.1\r\nHost: [::1]\r\nUser-Agent: nats-server\r\nConnection: close\r\n"
        "Authorization: Basic YW5uOnB3\r\nContent-Type: text/x\r\nContent-Length: 4\r\n\r\nbody");
  f.net.answers = {failure("dial tcp: no")};
  CHECK(f.ask() == "Post \"http://ann:xxxxx@[::1]/\": dial tcp: no");
}

TEST_CASE("http client: answers, in pieces of any size") {
  struct Row {
    const char *answer, *outcome;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more", "200 OK: hello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
       "200 OK: hello"},
      {"HTTP/1.0 200 OK\r\n\r\nuntil the end", "200 OK: until the end"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 Not Found: "},
      {"HTTP/1.1 204 No Content\r\n\r\n", "204 No Content: "},
  };
  for (const std::size_t piece : {1, 7, 1 << 20}) {
    Fixture f;
    f.net.piece = piece;
    for (const Row& row : rows) CHECK_MESSAGE(f.ask(row.answer) == row.outcome, row.answer);
  }
}

TEST_CASE("http client: fields of the answer") {
  Fixture f;
  f.net.answers = {
      std::string("HTTP/1.1 302 Found\r\nContent-Type: a/b\r\nCache-Control: x\r\n"
                  "cache-control: max-age=7\r\nExpires: e\r\nLocation: /l\r\n"
                  "Content-Length: 0\r\n\r\n")};
  const auto answer = fetch(f.net, f.clock, f.call);
  REQUIRE(answer);
  CHECK(answer->content_type == "a/b");
  CHECK(answer->cache_control == "x, max-age=7");
  CHECK(answer->expires == "e");
  CHECK(answer->location == "/l");
  CHECK(answer->status == 302);
}

TEST_CASE("http client: what is no answer") {
  const std::string get = "Get \"http://h:1/a?b\": ";
  for (const std::size_t piece : {1, 1 << 20}) {
    Fixture f;
    f.net.piece = piece;
    CHECK(f.ask("") == get + "EOF");
    CHECK(f.ask("HTTP/1.1 200 OK\r\n") == get + "unexpected EOF");
    CHECK(f.ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell") == get + "unexpected EOF");
    CHECK(f.ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel") ==
          get + "unexpected EOF");
    CHECK(f.ask("SSH-2.0-x\r\n\r\n").starts_with(get + "malformed HTTP response"));
    CHECK(f.ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
              .starts_with(get + "malformed HTTP response"));
  }
}

TEST_CASE("http client: no more than the limit") {
  const std::string get = "Get \"http://h:1/a?b\": ";
  Fixture f;
  f.call.limit = 4;
  CHECK(f.ask("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour") == "200 OK: four");
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfives",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nfives",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfives\r\n0\r\n\r\n"})
    CHECK_MESSAGE(f.ask(answer) == get + "answer is too large", answer);
  CHECK(f.ask("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n") ==
        get + "answer is too large");
}

TEST_CASE("http client: redirects are followed as often as is asked for") {
  Fixture f;
  const std::string moved = "HTTP/1.1 301 Moved\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
  CHECK(f.ask(moved) == "301 Moved: ");
  f.call.redirects_max = 2;
  f.net.answers = {moved, std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!")};
  f.net.connections = 0;
  CHECK(f.ask() == "200 OK: !");
  CHECK(f.net.request.starts_with("GET /next HTTP/1.1\r\nHost: h:1\r\n"));
  CHECK(f.ask(moved) == "Get \"http://h:1/a?b\": stopped after 2 redirects");
  CHECK(f.net.connections == 3);
  CHECK(f.ask("HTTP/1.1 302 Found\r\nLocation: file:///etc\r\nContent-Length: 0\r\n\r\n") ==
        "Get \"http://h:1/a?b\": unsupported protocol scheme \"file\"");
}

TEST_CASE("http client: URLs that are none are not asked") {
  Fixture f;
  f.call.url = "ftp://h/";
  CHECK(f.ask() == "Get \"ftp://h/\": unsupported protocol scheme \"ftp\"");
  CHECK(f.net.connections == 0);
}

}  // namespace
}  // namespace midge::server
