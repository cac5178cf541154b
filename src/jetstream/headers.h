// Header blocks as JetStream reads and makes them: `NATS/1.0\r\nName: value\r\n…\r\n`. Names are
// compared letter by letter, as nats-server does here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace midge::jetstream {

inline constexpr std::string_view kHeaderLine = "NATS/1.0\r\n";

// The value, without spaces before it, of the first field of this name. Null data: there is none.
std::string_view header_value(std::string_view block, std::string_view name);

// Calls field(name, value) for each field of a well-formed block; nothing for others.
template <class Field>
void for_each_header(std::string_view block, Field&& field) {
  if (!block.starts_with(kHeaderLine)) return;
  block.remove_prefix(kHeaderLine.size());
  while (true) {
    const std::size_t end = block.find("\r\n");
    if (end == std::string_view::npos || end == 0) return;
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    field(line.substr(0, colon), value);
  }
}

inline constexpr int kApiLevel = 5;
// Whether this server has as high an API level; "" is none.
bool is_api_level_there(std::string_view wanted);
// Whether this server has the API level that a request's Nats-Required-Api-Level asks for.
bool api_level_suffices(std::string_view block);

// Makes a block.
class HeaderWriter {
 public:
  // `status`: as `404 Message Not Found`; "" = none.
  explicit HeaderWriter(std::string_view status = {});
  // Goes on behind the fields of `block`, or starts a new one if it is not a block.
  // `more`: how many bytes will be added, about.
  static HeaderWriter after(std::string_view block, std::size_t more = 0);
  HeaderWriter& field(std::string_view name, std::string_view value);
  HeaderWriter& field(std::string_view name, std::uint64_t value);
  // The whole block with its empty line.
  std::string take();

 private:
  std::string text_;
};

// `block` with this field in the place of its first one of this name, or behind all others.
std::string with_header(std::string_view block, std::string_view name, std::string_view value);
// `block` without the fields of this name.
std::string without_header(std::string_view block, std::string_view name);

}  // namespace midge::jetstream
