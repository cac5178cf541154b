#include "server/operator/url_source.h"

#include <utility>

#include "server/http_client.h"
#include "server/url.h"

namespace midge::server {
namespace {

constexpr Duration kTimeout = seconds(2);
constexpr std::size_t kClaimsMax = 8 << 20;
constexpr int kRedirectsMax = 10;  // as Go's client follows

}  // namespace

UrlSource::UrlSource(std::string url, io::Net& net, io::Clock& clock, tls::ContextPtr trust)
    : url_(std::move(url)), net_(net), clock_(clock), trust_(std::move(trust)) {
  if (!url_.ends_with('/')) url_ += '/';
}

Result<std::string> UrlSource::fetch(std::string_view account) {
  HttpCall call;
  call.url = url_ + std::string(account);
  call.timeout = kTimeout;
  call.limit = kClaimsMax;
  call.redirects_max = kRedirectsMax;
  call.trust = trust_;
  const std::string context = "could not fetch <\"" + redacted_url(call.url) + "\">";
  auto answer = server::fetch(net_, clock_, call);
  if (!answer) return std::unexpected(answer.error().within(context));
  if (!answer->is_ok())
    return failure(context + ": " + answer->status_text(), ErrorCode::kNotFound);
  return std::move(answer->body);
}

}  // namespace midge::server
