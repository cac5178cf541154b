#include "websocket/http_head.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace midge::websocket {
namespace {

bool is_token_char(char c) {
  const bool is_letter = (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9');
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

// `HTTP/1.1 101 Switching Protocols`
bool read_status_line(std::string_view line, AnswerHead& head) {
  const std::string_view version = take_part(line, ' ');
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  const std::string_view digits = take_part(line, ' ');
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, head.status);
  head.reason = trimmed(line);
  return error == std::errc() && stop == end && digits.size() == 3 && is_clean(head.reason);
}

bool read_header_line(std::string_view line, HeadFields& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_token(name) || !is_clean(value)) return false;
  head.headers.emplace_back(name, value);
  return true;
}

// Up to the empty line. `incomplete`: what it is if that does not come.
HeadStatus read_header_lines(std::string_view& rest, HeadStatus incomplete, HeadFields& head) {
  std::string_view line;
  while (take_line(rest, line)) {
    if (line.empty()) return HeadStatus::kWhole;
    if (!read_header_line(line, head)) return HeadStatus::kMalformed;
  }
  return incomplete;
}

// As much of the input as may be a head; `incomplete`: what it is if its end is missing.
std::string_view head_part(std::string_view input, HeadStatus& incomplete) {
  incomplete = input.size() > HeadFields::kSizeMax ? HeadStatus::kTooLarge : HeadStatus::kNeedMore;
  return input.substr(0, HeadFields::kSizeMax);
}

}  // namespace

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

std::string_view HeadFields::header(std::string_view name) const {
  for (const auto& [its_name, value] : headers)
    if (equal_ignoring_case(its_name, name)) return value;
  return {};
}

bool HeadFields::header_has(std::string_view name, std::string_view value) const {
  for (const auto& [its_name, values] : headers) {
    if (!equal_ignoring_case(its_name, name)) continue;
    for (std::string_view rest = values; !rest.empty();)
      if (equal_ignoring_case(trimmed(take_part(rest, ',')), value)) return true;
  }
  return false;
}

HeadStatus parse_request_head(std::string_view input, RequestHead& head) {
  HeadStatus incomplete{};
  std::string_view rest = head_part(input, incomplete);
  RequestHead read;
  std::string_view line;
  // Empty lines before a request are passed over.
  do {
    if (!take_line(rest, line)) return incomplete;
  } while (line.empty());
  if (!read_request_line(line, read)) return HeadStatus::kMalformed;
  if (const HeadStatus status = read_header_lines(rest, incomplete, read);
      status != HeadStatus::kWhole)
    return status;
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

HeadStatus parse_answer_head(std::string_view input, AnswerHead& head) {
  HeadStatus incomplete{};
  std::string_view rest = head_part(input, incomplete);
  AnswerHead read;
  std::string_view line;
  if (!take_line(rest, line)) return incomplete;
  if (!read_status_line(line, read)) return HeadStatus::kMalformed;
  if (const HeadStatus status = read_header_lines(rest, incomplete, read);
      status != HeadStatus::kWhole)
    return status;
  read.size = static_cast<std::size_t>(rest.data() - input.data());
  head = std::move(read);
  return HeadStatus::kWhole;
}

}  // namespace midge::websocket
