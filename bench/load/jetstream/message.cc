#include "jetstream/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "fail.h"

namespace midge::load {
namespace {

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Message Message::parse(std::string_view frame) {
  const bool has_header = frame.front() == 'H';
  const std::size_t end = frame.find('\r');
  std::array<std::string_view, 6> words;
  std::size_t count = 0;
  std::size_t at = has_header ? 5 : 4;
  while (at < end && count < words.size()) {
    const std::size_t space = std::min(frame.find(' ', at), end);
    words[count++] = frame.substr(at, space - at);
    at = space + 1;
  }
  const std::size_t sizes = has_header ? 2 : 1;
  if (count < 2 + sizes) fail("a MSG line of another kind: " + std::string(frame.substr(0, end)));
  Message message;
  message.subject = words[0];
  message.sid = words[1];
  if (count > 2 + sizes) message.reply = words[2];
  const std::string_view content = frame.substr(end + 2, frame.size() - end - 4);
  const std::size_t header = has_header ? number(words[count - 2]) : 0;
  message.header = content.substr(0, header);
  message.payload = content.substr(header);
  return message;
}

int Message::status() const {
  constexpr std::string_view kVersion = "NATS/1.0 ";
  return header.starts_with(kVersion) ? static_cast<int>(number(header.substr(kVersion.size())))
                                      : 0;
}

std::int64_t json_number(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  std::size_t at = json.find(key);
  if (at == std::string_view::npos) fail("no " + key + " in " + std::string(json.substr(0, 300)));
  at += key.size();
  while (at < json.size() && json[at] == ' ') ++at;
  std::int64_t value = 0;
  std::from_chars(json.data() + at, json.data() + json.size(), value);
  return value;
}

}  // namespace midge::load
