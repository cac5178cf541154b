#include "codec/server_url.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "base/ascii.h"
#include "codec/ip_address.h"

namespace midge::codec {
namespace {

struct SchemeWord {
  std::string_view word;
  ServerScheme scheme;
  std::uint16_t port;
};
constexpr SchemeWord kSchemes[] = {
    {"nats", ServerScheme::kNats, 4222},  {"tls", ServerScheme::kTls, 4222},
    {"ws", ServerScheme::kWebSocket, 80}, {"wss", ServerScheme::kSecureWebSocket, 443},
    {"http", ServerScheme::kHttp, 80},    {"https", ServerScheme::kHttps, 443}};
// The first ones are servers', the others proxies'.
constexpr std::span kServerSchemes = std::span(kSchemes).first(4);
constexpr std::span kProxySchemes = std::span(kSchemes).subspan(4);
constexpr std::string_view kSchemeEnd = "://";

const SchemeWord& word_of(ServerScheme scheme) {
  return *std::ranges::find(kSchemes, scheme, &SchemeWord::scheme);
}

std::unexpected<Error> invalid(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::string words_of(std::span<const SchemeWord> known) {
  std::string words;
  for (const SchemeWord& word : known) words.append(words.empty() ? "" : ", ").append(word.word);
  return words;
}

// nullopt: a percent sign without two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded.push_back(text[at]);
      continue;
    }
    const std::string_view digits = text.substr(at + 1, 2);
    unsigned value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 2 || error != std::errc() || stop != end) return std::nullopt;
    decoded.push_back(static_cast<char>(value));
    at += 2;
  }
  return decoded;
}

Result<void> read_user_info(std::string_view text, ServerUrl& url) {
  const std::size_t colon = text.find(':');
  url.user = percent_decoded(text.substr(0, colon));
  if (colon != text.npos) url.password = percent_decoded(text.substr(colon + 1));
  if (!url.user || (colon != text.npos && !url.password))
    return invalid("bad percent-encoding of user or password");
  return {};
}

// `[address]`, perhaps with a zone behind a percent sign, which may be encoded itself.
Result<void> read_ipv6(std::string_view text, ServerUrl& url) {
  const std::size_t percent = text.find('%');
  const std::string_view address = text.substr(0, percent);
  if (!address.contains(':') || !parse_ip(address)) return invalid("bad address in brackets");
  url.host = address;
  if (percent == text.npos) return {};
  std::string_view zone = text.substr(percent + 1);
  if (zone.starts_with("25")) zone.remove_prefix(2);
  if (zone.empty()) return invalid("bad address in brackets");
  url.host.append("%").append(zone);
  return {};
}

Result<void> read_port(std::string_view text, ServerUrl& url) {
  if (text.empty()) return {};  // `host:`
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  if (error != std::errc() || end != text.data() + text.size() || url.port == 0)
    return invalid("bad port");
  return {};
}

Result<void> read_host(std::string_view text, ServerUrl& url) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return invalid("bracket without an end");
    TRY(read_ipv6(text.substr(1, end - 1), url));
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return invalid("bad port");
    return read_port(text.substr(text.empty() ? 0 : 1), url);
  }
  const std::size_t colon = text.find(':');
  if (colon != text.rfind(':')) return invalid("too many colons; IPv6 addresses stand in brackets");
  url.host = text.substr(0, colon);
  if (url.host.empty()) return invalid("no host");
  if (url.host.find_first_of("[]%\\\"<>^`{|}") != url.host.npos) return invalid("bad host");
  return colon == text.npos ? Result<void>() : read_port(text.substr(colon + 1), url);
}

// `known`: what it may be, `scheme`: what it is if it does not say.
Result<ServerUrl> read_url(std::string_view text, ServerScheme scheme,
                           std::span<const SchemeWord> known = kServerSchemes) {
  const bool has_blank = std::ranges::any_of(text, [](char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code <= ' ' || code == 0x7f;
  });
  if (has_blank) return invalid("blank or control character");
  if (const std::size_t end = text.find(kSchemeEnd); end != text.npos) {
    const std::string_view name = text.substr(0, end);
    const auto found = std::ranges::find_if(
        known, [name](const SchemeWord& word) { return equal_ignoring_case(word.word, name); });
    if (found == known.end()) return invalid("unknown scheme; known are " + words_of(known));
    scheme = found->scheme;
    text.remove_prefix(end + kSchemeEnd.size());
  }
  ServerUrl url;
  url.scheme = scheme;
  url.port = word_of(scheme).port;
  const std::size_t path = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, path);
  url.path = text.substr(path);
  if (url.path == "/") url.path.clear();
  if (!url.path.empty() && (!url.is_web_socket() || url.path.front() != '/'))
    return invalid("only web sockets have a path, and a slash in passwords is %2F");
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    TRY(read_user_info(authority.substr(0, at), url));
    authority.remove_prefix(at + 1);
  }
  TRY(read_host(authority, url));
  return url;
}

}  // namespace

std::string ServerUrl::host_and_port() const {
  std::string text = host;
  if (host.contains(':')) {
    if (const std::size_t zone = text.find('%'); zone != text.npos) text.insert(zone + 1, "25");
    text.insert(0, 1, '[').append("]");
  }
  return text.append(":").append(std::to_string(port));
}

std::string ServerUrl::text() const {
  return std::string(word_of(scheme).word).append(kSchemeEnd) + host_and_port() + path;
}

Result<ServerUrl> parse_server_url(std::string_view text, ServerScheme scheme) {
  auto url = read_url(trimmed(text), scheme);
  if (!url) return std::unexpected(url.error().within("server URL"));
  return url;
}

Result<ServerUrl> parse_proxy_url(std::string_view text) {
  auto url = read_url(trimmed(text), ServerScheme::kHttp, kProxySchemes);
  if (!url) return std::unexpected(url.error().within("proxy URL"));
  return url;
}

Result<std::vector<ServerUrl>> parse_server_urls(std::string_view list) {
  std::vector<ServerUrl> urls;
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    if (trimmed(item).empty()) continue;
    auto url = read_url(trimmed(item), ServerScheme::kNats);
    if (!url)
      return std::unexpected(url.error().within("server URL " + std::to_string(urls.size() + 1)));
    if (!urls.empty() && url->is_web_socket() != urls.front().is_web_socket())
      return invalid("server URLs of web sockets and others do not mix");
    urls.push_back(std::move(*url));
  }
  if (urls.empty()) return invalid("no server URL");
  return urls;
}

}  // namespace midge::codec
