// Goal: answers have the bytes nats-server's HTTP server sends. Method: recorded answers.
#include "server/monitor/http_message.h"

#include <doctest/doctest.h>

using namespace midge;  // NOLINT: base/time.h
using server::clean_path;
using server::HttpRequest;
using server::HttpResponse;
using server::render;

namespace {
constexpr WallTime kRecorded{1'795'595'888'211'228'307};
}

TEST_CASE("dates") {
  CHECK(server::http_date(kRecorded) == "Wed, 25 Nov 2026 08:38:08 GMT");
  CHECK(server::http_date({0}) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(server::http_date({951'782'400'000'000'000}) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(server::http_date({4'107'542'400'000'000'000}) == "Mon, 01 Mar 2100 00:00:00 GMT");
}

TEST_CASE("a JSON answer") {
  const HttpResponse response = HttpResponse::json(R"({"status":"ok"})");
  const std::string head =
      "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\n"
      "Date: Wed, 25 Nov 2026 08:38:08 GMT\r\nContent-Length: 15\r\n";
  CHECK(render(response, {}, kRecorded) == head + "\r\n{\"status\":\"ok\"}");
  CHECK(render(response, {.head = true}, kRecorded) == head + "\r\n");
  CHECK(render(response, {.keep_alive = false}, kRecorded) ==
        head + "Connection: close\r\n\r\n{\"status\":\"ok\"}");
  const std::string old = render(response, {.http_1_0 = true, .keep_alive = true}, kRecorded);
  CHECK(old.starts_with("HTTP/1.0 200 OK\r\n"));
  CHECK(old.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
}

TEST_CASE("not found") {
  CHECK(render(HttpResponse::not_found(), {}, kRecorded) ==
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\nDate: Wed, 25 Nov 2026 08:38:08 GMT\r\n"
        "Content-Length: 19\r\n\r\n404 page not found\n");
}

TEST_CASE("redirects") {
  CHECK(render(HttpResponse::redirect("/a?<b"), {}, kRecorded) ==
        "HTTP/1.1 307 Temporary Redirect\r\nContent-Type: text/html; charset=utf-8\r\n"
        "Location: /a?<b\r\nDate: Wed, 25 Nov 2026 08:38:08 GMT\r\nContent-Length: 44\r\n\r\n"
        "<a href=\"/a?&lt;b\">Temporary Redirect</a>.\n\n");
}

TEST_CASE("refusals") {
  CHECK(server::render_refusal(400, "missing required Host header") ==
        "HTTP/1.1 400 Bad Request: missing required Host header\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
        "400 Bad Request: missing required Host header");
}

TEST_CASE("clean paths") {
  struct Row {
    const char* path;
    const char* clean;
  };
  for (const Row& row :
       {Row{"/", "/"}, Row{"//", "/"}, Row{"/varz", "/varz"}, Row{"//varz", "/varz"},
        Row{"/varz/", "/varz/"}, Row{"/./varz", "/varz"}, Row{"/a/../varz", "/varz"},
        Row{"/../..", "/"}, Row{"/a/.", "/a"}, Row{"/a//b///c/", "/a/b/c/"}, Row{"", "/"}}) {
    CAPTURE(row.path);
    CHECK(clean_path(row.path) == row.clean);
  }
}
