#include "websocket/request_head.h"

#include <algorithm>

namespace midge::websocket {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token_char(char c) {
  const bool is_letter = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
  return is_letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_clean(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

// Without its end; both kinds of line ends are taken, as Go takes them.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

// `GET /path HTTP/1.1`
bool read_request_line(std::string_view line, RequestHead& head) {
  head.method = take_part(line, ' ');
  const std::size_t blank = line.rfind(' ');
  if (!is_token(head.method) || blank == std::string_view::npos) return false;
  head.target = line.substr(0, blank);
  const std::string_view version = line.substr(blank + 1);
  head.http_1_0 = version == "HTTP/1.0";
  if (version != "HTTP/1.1" && !head.http_1_0) return false;
  std::string_view path = head.target;
  if (path.empty() || !is_clean(path) || path.find(' ') != std::string_view::npos) return false;
  if (const std::size_t scheme = path.find("://");
      scheme != std::string_view::npos && path.front() != '/') {
    path.remove_prefix(scheme + 3);
    const std::size_t slash = path.find('/');
    head.host = path.substr(0, slash);
    path = slash == std::string_view::npos ? "/" : path.substr(slash);
  } else if (path.front() != '/') {
    return false;
  }
  head.path = path.substr(0, path.find('?'));
  return true;
}

bool read_header_line(std::string_view line, RequestHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_token(name) || !is_clean(value)) return false;
  head.headers.emplace_back(name, value);
  return true;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

std::string_view RequestHead::header(std::string_view name) const {
  for (const auto& [its_name, value] : headers)
    if (equal_ignoring_case(its_name, name)) return value;
  return {};
}

bool RequestHead::header_has(std::string_view name, std::string_view value) const {
  for (const auto& [its_name, values] : headers) {
    if (!equal_ignoring_case(its_name, name)) continue;
    for (std::string_view rest = values; !rest.empty();)
      if (equal_ignoring_case(trimmed(take_part(rest, ',')), value)) return true;
  }
  return false;
}

HeadStatus parse_request_head(std::string_view input, RequestHead& head) {
  const bool is_large = input.size() > RequestHead::kSizeMax;
  std::string_view rest = input.substr(0, RequestHead::kSizeMax);
  const HeadStatus incomplete = is_large ? HeadStatus::kTooLarge : HeadStatus::kNeedMore;
  RequestHead read;
  std::string_view line;
  // Empty lines before a request are passed over.
  do {
    if (!take_line(rest, line)) return incomplete;
  } while (line.empty());
  if (!read_request_line(line, read)) return HeadStatus::kMalformed;
  while (true) {
    if (!take_line(rest, line)) return incomplete;
    if (line.empty()) break;
    if (!read_header_line(line, read)) return HeadStatus::kMalformed;
  }
  std::size_t hosts = 0;
  for (const auto& [name, value] : read.headers) {
    if (!equal_ignoring_case(name, "Host")) continue;
    if (++hosts > 1) return HeadStatus::kMalformed;
    if (read.host.empty()) read.host = value;
  }
  if (hosts == 0 && !read.http_1_0) return HeadStatus::kNoHost;
  read.size = static_cast<std::size_t>(rest.data() - input.data());
  head = std::move(read);
  return HeadStatus::kWhole;
}

}  // namespace midge::websocket
