#include "server/url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace midge::server {
namespace {

constexpr std::string_view kSchemeEnd = "://";

std::unexpected<Error> invalid(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::string_view scheme_of(std::string_view text) {
  const std::size_t end = text.find(kSchemeEnd);
  return end == text.npos ? "" : text.substr(0, end);
}

bool is_scheme(std::string_view text, std::string_view wanted) {
  return std::ranges::equal(text, wanted, [](char a, char b) { return (a | 0x20) == b; });
}

Result<void> read_host(std::string_view host, Url& url) {
  url.host = host;
  url.address.port = url.secure ? 443 : 80;
  const std::size_t colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) {
    const std::string_view port = host.substr(colon + 1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size())
      return invalid("invalid port \"" + std::string(port) + "\" in URL");
    url.address.port = number;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return invalid("no Host in request URL");
  url.address.host = host;
  return {};
}

}  // namespace

std::string Url::text() const { return (secure ? "https://" : "http://") + host + target; }

Result<Url> parse_url(std::string_view text) {
  const bool has_control = std::ranges::any_of(text, [](char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code <= ' ' || code == 0x7f;
  });
  if (has_control) return invalid("invalid character in URL");
  const std::string_view scheme = scheme_of(text);
  Url url;
  url.secure = is_scheme(scheme, "https");
  if (!url.secure && !is_scheme(scheme, "http"))
    return invalid("unsupported protocol scheme \"" + std::string(scheme) + "\"");
  text.remove_prefix(scheme.size() + kSchemeEnd.size());
  text = text.substr(0, text.find('#'));
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, path);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  TRY(read_host(authority, url));
  url.target = text.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (!scheme_of(reference.substr(0, reference.find_first_of("/?#") + 3)).empty())
    return parse_url(reference);
  const std::string scheme = base.secure ? "https:" : "http:";
  if (reference.starts_with("//")) return parse_url(scheme + std::string(reference));
  const std::string root = scheme + "//" + base.host;
  if (reference.starts_with('/')) return parse_url(root + std::string(reference));
  const std::string path = base.target.substr(0, base.target.find('?'));
  const std::string folder =
      reference.starts_with('?') ? path : path.substr(0, path.rfind('/') + 1);
  return parse_url(root + folder + std::string(reference));
}

std::string redacted_url(std::string_view text) {
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) return std::string(text);
  const std::size_t begin = scheme.size() + kSchemeEnd.size();
  const std::string_view authority = text.substr(begin, text.find_first_of("/?#", begin) - begin);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == authority.npos || colon == authority.npos || colon > at) return std::string(text);
  std::string shown(text);
  return shown.replace(begin + colon + 1, at - colon - 1, "xxxxx");
}

}  // namespace midge::server
