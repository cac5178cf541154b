#include "io/posix/log_json.h"

#include <cstdio>
#include <ctime>
#include <string_view>

namespace midge::io {
namespace {

constexpr const char* kLevels[] = {"trace", "debug", "info", "warn", "error", "fatal"};

// The length of the UTF-8 sequence that the text begins with; 0: of none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80         ? 1
                             : lead >> 5 == 0x6  ? 2
                             : lead >> 4 == 0xE  ? 3
                             : lead >> 3 == 0x1E ? 4
                                                 : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (byte(i) >> 6 != 0x2) return 0;
  // What has a shorter form, halves of pairs, and what is beyond Unicode.
  const bool is_wrong =
      (length == 2 && lead < 0xC2) || (length == 3 && lead == 0xE0 && byte(1) < 0xA0) ||
      (length == 3 && lead == 0xED && byte(1) > 0x9F) ||
      (length == 4 &&
       (lead > 0xF4 || (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)));
  return is_wrong ? 0 : length;
}

void add_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const char first = text[0];
    if (length == 0) {
      out += "\\ufffd";
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += first;
    } else if (length == 1 && static_cast<unsigned char>(first) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(first));
      out += escaped;
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

// `2026-08-21T14:50:11.123456789+02:00`
std::string time_text(WallTime time, bool utc) {
  const time_t second = time.ns / 1'000'000'000;
  std::tm parts{};
  utc ? gmtime_r(&second, &parts) : localtime_r(&second, &parts);
  char date[32], whole[64];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(whole, sizeof whole, "%s.%09d", date, static_cast<int>(time.ns % 1'000'000'000));
  if (parts.tm_gmtoff == 0) return std::string(whole) + "Z";
  char offset[8];
  std::strftime(offset, sizeof offset, "%z", &parts);
  return std::string(whole) + std::string(offset).insert(3, ":");
}

// `ADDRESS - cid:NUMBER - ` is taken off the front of `text`; false: it does not begin so.
bool take_client(std::string_view& text, std::string_view& client, std::string_view& cid) {
  constexpr std::string_view kMark = " - cid:", kEnd = " - ";
  const std::size_t mark = text.find(kMark);
  if (mark == std::string_view::npos || text.substr(0, mark).find(' ') != std::string_view::npos)
    return false;
  const std::string_view rest = text.substr(mark + kMark.size());
  const std::size_t end = rest.find(kEnd);
  if (end == std::string_view::npos || end == 0 ||
      rest.substr(0, end).find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  client = text.substr(0, mark);
  cid = rest.substr(0, end);
  text = rest.substr(end + kEnd.size());
  return true;
}

}  // namespace

std::string json_line(const LogLine& line, std::int64_t pid, bool utc) {
  std::string_view text = line.text, client, cid;
  std::string out = "{\"time\":\"" + time_text(line.time, utc) + "\",\"level\":\"" +
                    kLevels[static_cast<std::size_t>(line.level)] +
                    "\",\"pid\":" + std::to_string(pid);
  if (take_client(text, client, cid)) {
    out += ",\"client\":";
    add_quoted(out, client);
    out.append(",\"cid\":").append(cid);
  }
  out += ",\"message\":";
  add_quoted(out, text);
  return out + "}\n";
}

}  // namespace midge::io
