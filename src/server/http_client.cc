#include "server/http_client.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "codec/base64.h"
#include "server/http_answer_parser.h"
#include "server/url.h"
#include "tls/blocking_client.h"

namespace midge::server {
namespace {

std::string head_of(const HttpCall& call, const Url& url) {
  std::string text = call.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host +
                     "\r\nUser-Agent: nats-server\r\nConnection: close\r\n";
  if (!url.userinfo.empty()) {
    text +=
        "Authorization: Basic " + codec::encode_base64(codec::Base64::kStd, url.userinfo) + "\r\n";
  }
  for (const HttpHeader& header : call.headers) text += header.name + ": " + header.value + "\r\n";
  if (call.method != "GET") text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  return text + "\r\n";
}

Result<tls::ContextPtr> trust_of(const HttpCall& call) {
  if (call.trust) return call.trust;
  const auto no_files = [](const std::string& path) -> Result<std::string> {
    return failure("unexpected file " + path);
  };
  return tls::Context::load(tls::TlsConfig{}, no_files, tls::Context::Use::kClient);
}

Result<HttpAnswer> ask(io::Net& net, io::Clock& clock, const HttpCall& call, const Url& url,
                       Duration timeout) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::BlockingStream> stream, net.dial(url.address, timeout));
  if (url.secure) {
    ASSIGN_OR_RETURN(const tls::ContextPtr trust, trust_of(call));
    ASSIGN_OR_RETURN(stream,
                     tls::open_client(std::move(stream), *trust, clock.wall(), url.address.host));
  }
  TRY(stream->send(head_of(call, url) + call.body));
  HttpAnswerParser parser(call.limit);
  std::array<char, 16 * 1024> chunk;
  while (true) {
    ASSIGN_OR_RETURN(const std::size_t count, stream->receive(chunk));
    if (count == 0) break;
    ASSIGN_OR_RETURN(const bool is_whole, parser.feed({chunk.data(), count}));
    if (is_whole) return parser.take();
  }
  TRY(parser.end());
  return parser.take();
}

bool is_redirect(const HttpAnswer& answer) {
  constexpr std::array<int, 5> kStatuses = {301, 302, 303, 307, 308};
  return std::ranges::find(kStatuses, answer.status) != kStatuses.end() && !answer.location.empty();
}

Result<HttpAnswer> ask_along(io::Net& net, io::Clock& clock, const HttpCall& call) {
  const MonoTime end = clock.now() + call.timeout;
  ASSIGN_OR_RETURN(Url url, parse_url(call.url));
  for (int redirects = 0;; ++redirects) {
    ASSIGN_OR_RETURN(HttpAnswer answer, ask(net, clock, call, url, end - clock.now()));
    if (call.redirects_max == 0 || !is_redirect(answer)) return answer;
    if (redirects == call.redirects_max)
      return failure("stopped after " + std::to_string(redirects) + " redirects");
    ASSIGN_OR_RETURN(url, resolve_url(url, answer.location));
  }
}

}  // namespace

std::string HttpAnswer::status_text() const {
  return reason.empty() ? std::to_string(status) : std::to_string(status) + " " + reason;
}

Result<HttpAnswer> fetch(io::Net& net, io::Clock& clock, const HttpCall& call) {
  auto answer = ask_along(net, clock, call);
  if (answer) return answer;
  const std::string what = call.method == "POST" ? "Post" : "Get";  // as Go names them
  return std::unexpected(answer.error().within(what + " \"" + redacted_url(call.url) + '"'));
}

}  // namespace midge::server
