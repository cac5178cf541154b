#include "server/oidc/key_fetch.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "auth/oidc/jws.h"
#include "codec/go_quoted.h"
#include "codec/json_tree.h"
#include "server/http_client.h"

namespace midge::server {
namespace {

constexpr Duration kTimeout = seconds(5);  // of each question
constexpr std::size_t kDocumentMax = 512 * 1024;
constexpr std::string_view kDiscovery = ".well-known/openid-configuration";

Result<HttpAnswer> get(io::Net& net, io::Clock& clock, const std::string& url,
                       const tls::ContextPtr& trust) {
  HttpCall call;
  call.url = url;
  call.headers = {{"Accept", "application/json"}};
  call.timeout = kTimeout;
  call.limit = kDocumentMax;
  call.trust = trust;
  ASSIGN_OR_RETURN(HttpAnswer answer, fetch(net, clock, call));
  if (!answer.is_ok()) return failure("Get \"" + url + "\": " + answer.status_text());
  return answer;
}

std::string text_of(const codec::JsonValue& document, std::string_view name) {
  const codec::JsonValue* value = auth::oidc::find_member(document, name);
  return value == nullptr ? "" : value->text;
}

Result<std::string> discover(io::Net& net, io::Clock& clock, const std::string& issuer,
                             const tls::ContextPtr& trust) {
  std::string url = issuer;
  if (!url.ends_with('/')) url += '/';
  url += kDiscovery;
  ASSIGN_OR_RETURN(const HttpAnswer answer, get(net, clock, url, trust));
  auto document = codec::read_json_tree(answer.body);
  if (!document) return std::unexpected(document.error().within(url));
  if (const std::string said = text_of(*document, "issuer"); said != issuer)
    return failure(url + ": issuer is " + codec::go_quoted(said) + ", expected " +
                   codec::go_quoted(issuer));
  std::string keys = text_of(*document, "jwks_uri");
  // Who is trusted over https alone must not send us elsewhere.
  if (issuer.starts_with("https:") && !keys.starts_with("https:"))
    return failure(url + ": jwks_uri is " + codec::go_quoted(keys) + ", expected an https URL");
  return keys;
}

}  // namespace

Result<FetchedKeys> fetch_keys(io::Net& net, io::Clock& clock, const auth::OidcConfig& config,
                               const tls::ContextPtr& trust) {
  std::string url = config.jwks_url;
  if (url.empty()) {
    ASSIGN_OR_RETURN(url, discover(net, clock, config.issuer, trust));
  }
  ASSIGN_OR_RETURN(const HttpAnswer answer, get(net, clock, url, trust));
  auto keys = auth::oidc::read_jwk_set(answer.body);
  if (!keys) return std::unexpected(keys.error().within(url));
  return FetchedKeys{std::move(*keys), max_age_of(answer.cache_control)};
}

Duration max_age_of(std::string_view cache_control) {
  constexpr std::string_view kName = "max-age=";
  if (cache_control.find("no-store") != cache_control.npos ||
      cache_control.find("no-cache") != cache_control.npos)
    return {};
  const std::size_t at = cache_control.find(kName);
  if (at == cache_control.npos || (at > 0 && cache_control[at - 1] == '-')) return {};
  std::int64_t age = 0;
  const char* begin = cache_control.data() + at + kName.size();
  if (std::from_chars(begin, cache_control.data() + cache_control.size(), age).ec != std::errc())
    return {};
  return seconds(std::clamp<std::int64_t>(age, 60, 24 * 60 * 60));
}

}  // namespace midge::server
