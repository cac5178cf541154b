#include "server/operator/url_source.h"

#include <charconv>
#include <optional>
#include <utility>

namespace midge::server {
namespace {

constexpr Duration kTimeout = seconds(2);
constexpr std::size_t kAnswerMax = 8 << 20;
constexpr std::string_view kScheme = "http://";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Url {
  io::Address address;
  std::string authority, path;
};

std::optional<Url> parse_url(std::string_view text) {
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  Url url;
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view host = text.substr(0, slash);
  url.authority = host;
  url.path = slash == text.size() ? "/" : text.substr(slash);
  url.address.port = 80;
  const std::size_t colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) {
    const std::string_view port = host.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), url.address.port);
    if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return std::nullopt;
  url.address.host = host;
  return url;
}

}  // namespace

UrlSource::UrlSource(std::string url, io::Net& net) : url_(std::move(url)), net_(net) {
  if (!url_.ends_with('/')) url_ += '/';
}

Result<std::string> UrlSource::fetch(std::string_view account) {
  const std::string asked = url_ + std::string(account);
  const std::string context = "could not fetch <\"" + asked + "\">";
  const std::optional<Url> url = parse_url(asked);
  if (!url) return failure(context + ": only http:// is supported", ErrorCode::kInvalid);
  // Version 1.0: the answer ends where the connection does.
  const std::string request = "GET " + url->path + " HTTP/1.0\r\nHost: " + url->authority +
                              "\r\nUser-Agent: nats-server\r\nConnection: close\r\n\r\n";
  const auto answer = net_.exchange(url->address, request, kTimeout, kAnswerMax);
  if (!answer)
    return failure(context + ": Get \"" + asked + "\": " + answer.error().text(),
                   answer.error().code());
  auto body = body_of_answer(*answer);
  if (!body) return std::unexpected(body.error().within(context));
  return body;
}

Result<std::string> body_of_answer(std::string_view answer) {
  const std::size_t head_end = answer.find(kHeadEnd);
  const std::size_t space = answer.find(' ');
  if (!answer.starts_with("HTTP/1.") || head_end == answer.npos || space > head_end)
    return failure("malformed HTTP response");
  const std::string_view status = answer.substr(space + 1, answer.find("\r\n") - space - 1);
  if (!status.starts_with("200")) return failure(std::string(status), ErrorCode::kNotFound);
  return std::string(answer.substr(head_end + kHeadEnd.size()));
}

}  // namespace midge::server
