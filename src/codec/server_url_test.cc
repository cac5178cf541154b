// Goal: server URLs are read as official clients read them, and what is refused says why without
// telling names and passwords. Method: tables.
#include "codec/server_url.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

std::string show(const ServerUrl& url) {
  std::string text = url.text();
  if (url.user) text += " user=" + *url.user;
  if (url.password) text += " password=" + *url.password;
  return text;
}

std::string parts(std::string_view text, ServerScheme scheme = ServerScheme::kNats) {
  const auto url = parse_server_url(text, scheme);
  return url ? show(*url) : url.error().text();
}

TEST_CASE("server url: its parts") {
  const struct {
    std::string_view text;
    std::string parts;
  } cases[] = {
      {"nats://host:4223", "nats://host:4223"},
      {"nats://host", "nats://host:4222"},
      {"nats://host/", "nats://host:4222"},
      {"nats://host:", "nats://host:4222"},
      {"host", "nats://host:4222"},
      {"host:1", "nats://host:1"},
      {" \tHost.example.com:65535\n", "nats://Host.example.com:65535"},
      {"10.0.0.1", "nats://10.0.0.1:4222"},
      {"my_host-1.", "nats://my_host-1.:4222"},
      {"TLS://h", "tls://h:4222"},
      {"ws://h", "ws://h:80"},
      {"wss://h", "wss://h:443"},
      {"wss://h:8443/some/where?a=b", "wss://h:8443/some/where?a=b"},
      {"ws://h/", "ws://h:80"},
      {"[::1]", "nats://[::1]:4222"},
      {"[::1]:5", "nats://[::1]:5"},
      {"[::1]:", "nats://[::1]:4222"},
      {"tls://[2001:db8::7]:443/", "tls://[2001:db8::7]:443"},
      {"[::ffff:10.0.0.1]:1", "nats://[::ffff:10.0.0.1]:1"},
      {"[fe80::1%25eth0]:1", "nats://[fe80::1%25eth0]:1"},
      {"[fe80::1%eth0]:1", "nats://[fe80::1%25eth0]:1"},
      {"nats://ann:pw@host", "nats://host:4222 user=ann password=pw"},
      {"ann:pw@host:1", "nats://host:1 user=ann password=pw"},
      {"nats://token@host", "nats://host:4222 user=token"},
      {"nats://ann:@host", "nats://host:4222 user=ann password="},
      {"nats://:pw@host", "nats://host:4222 user= password=pw"},
      {"nats://a%3Ab:p%40%2f%2C%25@host", "nats://host:4222 user=a:b password=p@/,%"},
      {"nats://ann:p@w:x@host", "nats://host:4222 user=ann password=p@w:x"},
      {"wss://ann:pw@[::1]:1/p", "wss://[::1]:1/p user=ann password=pw"},
      {"nats://$2a$11$abc:x@h", "nats://h:4222 user=$2a$11$abc password=x"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(parts(one.text) == one.parts);
  }
  CHECK(parse_server_url("[fe80::1%25eth0]")->host == "fe80::1%eth0");
  CHECK(parts("h:1", ServerScheme::kTls) == "tls://h:1");
  CHECK(parts("[::1]", ServerScheme::kSecureWebSocket) == "wss://[::1]:443");
  CHECK(parts("nats://h", ServerScheme::kTls) == "nats://h:4222");
}

TEST_CASE("server url: what is none") {
  const std::string blank = "blank or control character", port = "bad port", host = "bad host",
                    scheme = "unknown scheme; known are nats, tls, ws, wss",
                    path = "only web sockets have a path, and a slash in passwords is %2F",
                    brackets = "bad address in brackets",
                    percent = "bad percent-encoding of user or password",
                    colons = "too many colons; IPv6 addresses stand in brackets";
  const struct {
    std::string_view text;
    std::string error;
  } cases[] = {
      {"", "no host"},
      {"nats://", "no host"},
      {"nats://:4222", "no host"},
      {"nats://ann:pw@", "no host"},
      {"http://h", scheme},
      {"://h", scheme},
      {"ann:pw://h", scheme},
      {"h:x", port},
      {"h:0", port},
      {"h:65536", port},
      {"h:-1", port},
      {"h:1x", port},
      {"[::1]1", port},
      {"::1", colons},
      {"h:1:2", colons},
      {"[::1", "bracket without an end"},
      {"[]", brackets},
      {"[host]", brackets},
      {"[10.0.0.1]", brackets},
      {"[::g]", brackets},
      {"[fe80::1%]", brackets},
      {"[fe80::1%25]", brackets},
      {"a]b", host},
      {"a%41", host},
      {"h|1", host},
      {"a b", blank},
      {"a\r\nb", blank},
      {std::string_view("a\0", 2), blank},
      {"nats://ann:pa/ss@h", path},
      {"nats://h/path", path},
      {"h?x", path},
      {"ws://h?x", path},
      {"ws://h#x", path},
      {"nats://ann:%4@h", percent},
      {"nats://ann:%@h", percent},
      {"nats://%g1:x@h", percent},
      {"nats://ann:%+1@h", percent},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(parts(one.text) == "server URL: " + one.error);
  }
}

TEST_CASE("server url: lists") {
  const auto list = [](std::string_view text) {
    const auto urls = parse_server_urls(text);
    if (!urls) return urls.error().text();
    std::string shown;
    for (const ServerUrl& url : *urls) shown.append(shown.empty() ? "" : ", ").append(show(url));
    return shown;
  };
  CHECK(list("a") == "nats://a:4222");
  CHECK(list("a, tls://u:p@b:2 ,,[::1]:3,") ==
        "nats://a:4222, tls://b:2 user=u password=p, nats://[::1]:3");
  CHECK(list("ws://a,wss://b") == "ws://a:80, wss://b:443");
  CHECK(list("") == "no server URL");
  CHECK(list(" , ,") == "no server URL");
  CHECK(list("a,u:secret@b:x") == "server URL 2: bad port");
  CHECK(list("a,ws://b") == "server URLs of web sockets and others do not mix");
  CHECK(list("wss://b,a") == "server URLs of web sockets and others do not mix");
}

TEST_CASE("server url: proxies") {
  const auto proxy = [](std::string_view text) {
    const auto url = parse_proxy_url(text);
    return url ? show(*url) : url.error().text();
  };
  CHECK(proxy("http://u:p%40@host:3128") == "http://host:3128 user=u password=p@");
  CHECK(proxy("host") == "http://host:80");
  CHECK(proxy("https://[::1]") == "https://[::1]:443");
  CHECK(proxy("socks5://host") == "proxy URL: unknown scheme; known are http, https");
  CHECK(proxy("http://host/path") ==
        "proxy URL: only web sockets have a path, and a slash in passwords is %2F");
  CHECK(parts("http://host") == "server URL: unknown scheme; known are nats, tls, ws, wss");
}

}  // namespace
}  // namespace midge::codec
