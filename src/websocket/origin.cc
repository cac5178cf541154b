#include "websocket/origin.h"

#include <algorithm>
#include <cstddef>

#include "base/ascii.h"
#include "websocket/http_head.h"

namespace midge::websocket {
namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

// `host`, `host:port`, `[::1]:port`.
Result<void> split_host_port(std::string_view text, Origin& origin) {
  const auto fault = [&](const char* what) {
    return failure("address " + std::string(text) + ": " + what);
  };
  std::string_view host = text, rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fault("missing ']' in address");
    rest = text.substr(end + 1);
    // As it is written where no port follows: so it is compared.
    host = rest.empty() ? text : text.substr(1, end - 1);
    if (!rest.empty() && !rest.starts_with(':')) rest = {};
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (host.find(':') != std::string_view::npos) return fault("too many colons in address");
  }
  origin.host = lower_case(host);
  if (!rest.empty()) origin.port = std::string(rest.substr(1));
  return {};
}

}  // namespace

Result<Origin> parse_origin(std::string_view text) {
  const auto fault = [&](const char* what) {
    return failure("parse " + quoted(text) + ": " + what);
  };
  if (text.empty()) return fault("empty url");
  Origin origin;
  std::string_view rest = text;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    origin.scheme = lower_case(text.substr(0, colon));
    rest = text.substr(colon + 1);
  } else if (!text.starts_with('/')) {
    return fault(colon == 0 ? "missing protocol scheme" : "invalid URI for request");
  }
  if (!rest.starts_with("//")) {
    if (!rest.starts_with('/') && origin.scheme.empty()) return fault("invalid URI for request");
    rest = {};
  } else {
    rest.remove_prefix(2);
  }
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  origin.port = origin.scheme == "https" ? "443" : "80";
  TRY(split_host_port(authority, origin));
  return origin;
}

Result<Origin> origin_of_host(std::string_view host_port, bool encrypted) {
  Origin origin;
  origin.scheme = encrypted ? "https" : "http";
  origin.port = encrypted ? "443" : "80";
  TRY(split_host_port(host_port, origin));
  return origin;
}

Result<Origin> parse_allowed_origin(const std::string& text) {
  auto origin = parse_origin(text);
  if (!origin) return failure("unable to parse allowed origin: " + origin.error().text());
  const std::string which = "unable to parse allowed origin " + quoted(text) + ": ";
  if (origin->scheme != "http" && origin->scheme != "https")
    return failure(which + "allowed origins must be absolute URLs with http or https scheme");
  if (origin->host.empty()) return failure(which + "host is required");
  return origin;
}

Result<void> check_origin(const OriginRules& rules, std::string_view origin, std::string_view host,
                          bool encrypted) {
  if (origin.empty() || (!rules.same_origin && rules.allowed.empty())) return {};
  ASSIGN_OR_RETURN(const Origin comes_from, parse_origin(origin));
  if (rules.same_origin) {
    ASSIGN_OR_RETURN(const Origin ours, origin_of_host(host, encrypted));
    if (comes_from != ours) return failure("not same origin");
  }
  if (!rules.allowed.empty() && std::ranges::find(rules.allowed, comes_from) == rules.allowed.end())
    return failure("not in the allowed list");
  return {};
}

}  // namespace midge::websocket
