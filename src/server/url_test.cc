// Goal: URLs are taken apart as their parts are used, and nothing that would end a request line or
// name another scheme gets through. Method: tables.
#include "server/url.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

std::string parts(const std::string& text) {
  const auto url = parse_url(text);
  if (!url) return url.error().text();
  return (url->secure ? "s " : "") + url->address.text() + " " + url->host + " " + url->target +
         (url->userinfo.empty() ? "" : " " + url->userinfo);
}

TEST_CASE("url: its parts") {
  CHECK(parts("http://host") == "host:80 host /");
  CHECK(parts("HTTPS://host/a/b?c=d#e") == "s host:443 host /a/b?c=d");
  CHECK(parts("https://h:8443?x") == "s h:8443 h:8443 /?x");
  CHECK(parts("http://[::1]:80/") == "[::1]:80 [::1]:80 /");
  CHECK(parts("https://[::1]/a:b") == "s [::1]:443 [::1] /a:b");
  CHECK(parts("http://ann:p@w@h/") == "h:80 h / ann:p@w");
}

TEST_CASE("url: what is none") {
  CHECK(parts("") == "unsupported protocol scheme \"\"");
  CHECK(parts("host/path") == "unsupported protocol scheme \"\"");
  CHECK(parts("ftp://h/") == "unsupported protocol scheme \"ftp\"");
  CHECK(parts("http://h:x/") == "invalid port \"x\" in URL");
  CHECK(parts("http://h:99999/") == "invalid port \"99999\" in URL");
  CHECK(parts("http:///a") == "no Host in request URL");
  CHECK(parts("http://:1/") == "no Host in request URL");
  CHECK(parts("http://h/a b") == "invalid character in URL");
  CHECK(parts("http://h/a\r\nX: y") == "invalid character in URL");
}

TEST_CASE("url: where a Location leads") {
  const Url base = *parse_url("https://h:1/a/b?c");
  const auto to = [&](const char* reference) {
    const auto url = resolve_url(base, reference);
    return url ? url->text() : url.error().text();
  };
  CHECK(to("http://x/y") == "http://x/y");
  CHECK(to("//x/y") == "https://x/y");
  CHECK(to("/y?z") == "https://h:1/y?z");
  CHECK(to("y") == "https://h:1/a/y");
  CHECK(to("?q=http://x/") == "https://h:1/a/b?q=http://x/");
  CHECK(to("ftp://x/") == "unsupported protocol scheme \"ftp\"");
}

TEST_CASE("url: passwords are not shown") {
  CHECK(redacted_url("http://ann:pw@h/a") == "http://ann:xxxxx@h/a");
  CHECK(redacted_url("http://ann@h:1/a") == "http://ann@h:1/a");
  CHECK(redacted_url("http://h:1/a:b@c") == "http://h:1/a:b@c");
  CHECK(redacted_url("ann:pw@h") == "ann:pw@h");
}

}  // namespace
}  // namespace midge::server
