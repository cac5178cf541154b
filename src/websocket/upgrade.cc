#include "websocket/upgrade.h"

#include <optional>
#include <utility>

#include "base/ascii.h"
#include "codec/base64.h"
#include "codec/ip_address.h"
#include "crypto/sha1.h"

namespace midge::websocket {
namespace {

constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kDeflate = "permessage-deflate";
constexpr std::size_t kKeyBytes = 16;

const char* status_text(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    default:
      return "Method Not Allowed";
  }
}

Upgrade refused(const RequestHead& head, int status, std::string why) {
  const std::string text = status_text(status);
  Upgrade upgrade;
  upgrade.fault = std::move(why);
  upgrade.answer = (head.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(status) + ' ' +
                   text +
                   "\r\nContent-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\n"
                   "X-Content-Type-Options: nosniff\r\nContent-Length: " +
                   std::to_string(text.size() + 1) + "\r\nConnection: close\r\n\r\n" + text + '\n';
  return upgrade;
}

// Whether the client offers it; what else it says of it the answer settles.
bool offers_deflate(const RequestHead& head) {
  for (const auto& [name, value] : head.headers) {
    if (!equal_ignoring_case(name, "Sec-WebSocket-Extensions")) continue;
    for (std::string_view offers = value; !offers.empty();) {
      for (std::string_view offer = take_part(offers, ','); !offer.empty();)
        if (equal_ignoring_case(trimmed(take_part(offer, ';')), kDeflate)) return true;
    }
  }
  return false;
}

std::string_view without_quotes(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
  return is_quoted ? value.substr(1, value.size() - 2) : value;
}

// The last of a name counts, as nats-server has it.
void read_cookies(const RequestHead& head, const Terms& terms, io::WebSocketVisitor& visitor) {
  const std::pair<const std::string&, std::string&> wanted[] = {
      {terms.jwt_cookie, visitor.jwt},
      {terms.user_cookie, visitor.user},
      {terms.password_cookie, visitor.password},
      {terms.token_cookie, visitor.token}};
  for (const auto& [name, value] : head.headers) {
    if (!equal_ignoring_case(name, "Cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view cookie = trimmed(take_part(rest, ';'));
      const std::string_view cookies_name = trimmed(take_part(cookie, '='));
      for (const auto& [wanted_name, into] : wanted) {
        if (wanted_name.empty() || cookies_name != wanted_name) continue;
        into = std::string(without_quotes(trimmed(cookie)));
        break;
      }
    }
  }
}

void read_browser(std::string_view agent, Upgrade& upgrade) {
  upgrade.browser = agent.starts_with("Mozilla/");
  // Safari; Chrome names it too, but says no version of it.
  upgrade.whole_messages = upgrade.browser && agent.find("Version/") != std::string_view::npos &&
                           agent.find("Safari/") != std::string_view::npos;
}

// `mqtt` at the end of the path is for clients of MQTT, `leafnode` for leaf nodes.
bool is_path_of(const RequestHead& head, std::string_view kind) {
  return head.path.ends_with(kind);
}

}  // namespace

Upgrade judge_upgrade(const RequestHead& head, const Terms& terms, bool encrypted) {
  const auto bad = [&](std::string why) { return refused(head, 400, std::move(why)); };
  const bool is_leafnode = is_path_of(head, "/leafnode");
  if (!is_leafnode && is_path_of(head, "/mqtt"))
    return refused(head, 404, "mqtt websocket endpoint not enabled");
  if (head.method != "GET") return refused(head, 405, "request method must be GET");
  if (head.host.empty()) return bad("'Host' missing in request");
  if (!head.header_has("Upgrade", "websocket")) return bad("invalid value for header 'Upgrade'");
  if (!head.header_has("Connection", "Upgrade"))
    return bad("invalid value for header 'Connection'");
  const std::string_view key = head.header("Sec-WebSocket-Key");
  if (key.empty()) return bad("key missing");
  const std::optional<std::string> decoded = codec::decode_base64(codec::Base64::kStd, key);
  if (!decoded || decoded->size() != kKeyBytes) return bad("invalid websocket key");
  if (!head.header_has("Sec-WebSocket-Version", "13")) return bad("invalid version");
  std::string_view origin = head.header("Origin");
  if (origin.empty()) origin = head.header("Sec-WebSocket-Origin");
  if (auto allowed = check_origin(terms.origins, origin, head.host, encrypted); !allowed)
    return refused(head, 403, "origin not allowed: " + allowed.error().text());

  Upgrade upgrade;
  upgrade.is_leafnode = is_leafnode;
  upgrade.compressed = terms.compression && offers_deflate(head);
  upgrade.masked = head.header("Nats-No-Masking") != "true";
  upgrade.answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_key(key) + "\r\n";
  if (upgrade.compressed)
    upgrade.answer +=
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover\r\n";
  if (!upgrade.masked) upgrade.answer += "Nats-No-Masking: true\r\n";
  upgrade.answer.append(terms.headers).append("\r\n");
  const std::string_view forwarded = head.header("X-Forwarded-For");
  if (codec::parse_ip(forwarded)) upgrade.visitor.forwarded_for = std::string(forwarded);
  read_browser(head.header("User-Agent"), upgrade);
  read_cookies(head, terms, upgrade.visitor);
  return upgrade;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  return codec::encode_base64(codec::Base64::kStd, crypto::sha1(text.append(kKeySuffix)));
}

std::string refusal_of(HeadStatus status) {
  std::string text = "400 Bad Request";
  if (status == HeadStatus::kTooLarge) text = "431 Request Header Fields Too Large";
  std::string body = text;
  if (status == HeadStatus::kNoHost) body += ": missing required Host header";
  return "HTTP/1.1 " + text +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace midge::websocket
