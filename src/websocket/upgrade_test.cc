// Requests that open web sockets, and what is answered to others.
#include "websocket/upgrade.h"

#include <doctest/doctest.h>

#include <string>

#include "websocket/close_status.h"

namespace midge::websocket {
namespace {

// The example of RFC 6455, with `more` in addition; a line of `more` replaces one of the same name.
std::string request(const std::string& more = "", const std::string& without = "",
                    const std::string& line = "GET / HTTP/1.1") {
  std::string text = line + "\r\n";
  for (const std::string header :
       {"Host: server.example.com", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}) {
    if (without.empty() || !header.starts_with(without)) text += header + "\r\n";
  }
  return text + more + "\r\n";
}

Upgrade judged(const std::string& text, const Terms& terms = {}, bool encrypted = false) {
  RequestHead head;
  REQUIRE(parse_request_head(text, head) == HeadStatus::kWhole);
  CHECK(head.size == text.size());
  return judge_upgrade(head, terms, encrypted);
}

std::string status_of(const Upgrade& upgrade) { return upgrade.answer.substr(9, 3); }

TEST_CASE("the example of the standard") {
  const Upgrade upgrade = judged(request());
  CHECK(upgrade.fault.empty());
  CHECK(upgrade.answer ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  CHECK(upgrade.masked);
  CHECK(!upgrade.compressed);
}

TEST_CASE("what is missing is said") {
  const auto fault = [](const std::string& text) {
    const Upgrade upgrade = judged(text);
    return status_of(upgrade) + ' ' + upgrade.fault;
  };
  CHECK(fault(request("", "", "POST / HTTP/1.1")) == "405 request method must be GET");
  CHECK(fault(request("", "Host", "GET / HTTP/1.0")) == "400 'Host' missing in request");
  CHECK(fault(request("", "Upgrade")) == "400 invalid value for header 'Upgrade'");
  CHECK(fault(request("", "Connection")) == "400 invalid value for header 'Connection'");
  CHECK(fault(request("", "Sec-WebSocket-Key")) == "400 key missing");
  CHECK(fault(request("Sec-WebSocket-Key: eHl6\r\n", "Sec-WebSocket-Key")) ==
        "400 invalid websocket key");
  CHECK(fault(request("", "Sec-WebSocket-Version")) == "400 invalid version");
  CHECK(fault(request("", "", "GET /a/mqtt?x HTTP/1.1")) ==
        "404 mqtt websocket endpoint not enabled");
  CHECK(judged(request("", "", "GET /a/leafnode HTTP/1.1")).is_leafnode);
}

TEST_CASE("compression and unmasked frames are agreed on where both sides want them") {
  const std::string offer =
      "Sec-WebSocket-Extensions: foo, permessage-deflate; client_max_window_bits\r\n";
  CHECK(!judged(request(offer)).compressed);
  const Upgrade upgrade = judged(request(offer), {.compression = true});
  CHECK(upgrade.compressed);
  CHECK(upgrade.answer.find("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                            "server_no_context_takeover; client_no_context_takeover\r\n") !=
        std::string::npos);
  CHECK(!judged(request(), {.compression = true}).compressed);
  CHECK(!judged(request("Nats-No-Masking: true\r\n")).masked);
  CHECK(judged(request("Nats-No-Masking: yes\r\n")).masked);
}

TEST_CASE("what else the request tells") {
  Terms terms;
  terms.headers = "X-A: b\r\n";
  terms.user_cookie = "u";
  terms.token_cookie = "t";
  const Upgrade upgrade = judged(
      request("Cookie: u=alice; x=1; t=\"a b\"\r\nCookie: u=bob\r\nX-Forwarded-For: 10.0.0.1\r\n"
              "User-Agent: Mozilla/5.0 (Mac) Version/17 Safari/605\r\n"),
      terms);
  CHECK(upgrade.visitor.user == "bob");
  CHECK(upgrade.visitor.token == "a b");
  CHECK(upgrade.visitor.forwarded_for == "10.0.0.1");
  CHECK(upgrade.browser);
  CHECK(upgrade.whole_messages);
  CHECK(upgrade.answer.ends_with("\r\nX-A: b\r\n\r\n"));
  CHECK(judged(request("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n")).visitor.forwarded_for.empty());
}

TEST_CASE("origins") {
  const auto check = [](const OriginRules& rules, const char* origin, bool encrypted = false) {
    const auto checked = check_origin(rules, origin, "Server:4443", encrypted);
    return checked ? std::string() : checked.error().text();
  };
  const OriginRules same{.same_origin = true};
  CHECK(check(same, "http://server:4443") == "");
  CHECK(check(same, "https://server:4443", true) == "");
  CHECK(check(same, "https://server:4443") == "not same origin");
  CHECK(check(same, "http://server") == "not same origin");
  CHECK(check(same, "") == "");
  CHECK(check(same, "null") == "parse \"null\": invalid URI for request");
  OriginRules listed;
  for (const char* text : {"http://a.com", "https://b.com:8443", "http://[::1]:80"})
    listed.allowed.push_back(parse_allowed_origin(text).value());
  for (const char* good :
       {"http://a.com:80", "HTTP://A.COM", "https://b.com:8443/x?y", "http://[::1]:80"})
    CHECK(check(listed, good) == "");
  for (const char* bad : {"https://a.com", "https://b.com", "http://b.com:8443"})
    CHECK(check(listed, bad) == "not in the allowed list");
  CHECK(check(listed, "http://a:b:c") == "address a:b:c: too many colons in address");
}

TEST_CASE("allowed origins that are none") {
  const auto fault = [](const char* text) { return parse_allowed_origin(text).error().text(); };
  CHECK(fault("a.com") ==
        "unable to parse allowed origin: parse \"a.com\": invalid URI for request");
  CHECK(fault("ftp://a.com") ==
        "unable to parse allowed origin \"ftp://a.com\": allowed origins must be absolute URLs "
        "with http or https scheme");
  CHECK(fault("http://") == "unable to parse allowed origin \"http://\": host is required");
}

TEST_CASE("requests that are none") {
  RequestHead head;
  const auto status = [&](const std::string& text) { return parse_request_head(text, head); };
  for (const char* bad :
       {"GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\1\r\n\r\n"})
    CHECK(status(bad) == HeadStatus::kMalformed);
  CHECK(status("GET / HTTP/1.1\r\n\r\n") == HeadStatus::kNoHost);
  CHECK(status("GET / HTTP/1.1\r\nHost: a\r\n") == HeadStatus::kNeedMore);
  CHECK(status("GET / HTTP/1.1\r\nA: " + std::string(70000, 'a')) == HeadStatus::kTooLarge);
  const std::string absolute = "\r\nGET http://h/p?q HTTP/1.1\nHost: a\n\n";
  CHECK(status(absolute) == HeadStatus::kWhole);
  CHECK(head.path == "/p");
  CHECK(head.host == "h");
}

TEST_CASE("goodbyes and their answers") {
  const auto answer = [](const std::string& payload) { return answer_close(payload); };
  CHECK(answer("").payload.empty());
  CHECK(answer(close_payload(1000, "bye")).payload == close_payload(1000, "bye"));
  CHECK(answer(close_payload(4999, "")).fault.empty());
  for (const int status : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    const CloseAnswer wrong = answer(close_payload(static_cast<std::uint16_t>(status), ""));
    CHECK(wrong.fault == "invalid close status code " + std::to_string(status));
    CHECK(wrong.payload == close_payload(1002, wrong.fault));
  }
  CHECK(answer("a").fault == "close frame payload cannot be 1 byte");
  CHECK(answer(close_payload(1000, "\xFF")).payload ==
        close_payload(1007, "invalid utf8 body in close frame"));
  CHECK(close_payload(1000, std::string(200, 'a')).size() == 125);
}

}  // namespace
}  // namespace midge::websocket
