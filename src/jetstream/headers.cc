#include "jetstream/headers.h"

#include <charconv>

namespace midge::jetstream {

std::string_view header_value(std::string_view block, std::string_view name) {
  std::string_view found;
  for_each_header(block, [&](std::string_view field, std::string_view value) {
    if (found.data() == nullptr && field == name)
      found = value.data() == nullptr ? std::string_view("") : value;
  });
  return found;
}

bool is_api_level_there(std::string_view wanted) {
  if (wanted.empty()) return true;
  int level = 0;
  const auto [end, status] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), level);
  return status == std::errc() && end == wanted.data() + wanted.size() && level <= kApiLevel;
}

bool api_level_suffices(std::string_view block) {
  return is_api_level_there(header_value(block, "Nats-Required-Api-Level"));
}

std::string with_header(std::string_view block, std::string_view name, std::string_view value) {
  const std::string_view old = header_value(block, name);
  if (old.data() == nullptr || old.empty())
    return HeaderWriter::after(block).field(name, value).take();
  std::string text(block);
  return text.replace(static_cast<std::size_t>(old.data() - block.data()), old.size(), value);
}

std::string without_header(std::string_view block, std::string_view name) {
  HeaderWriter writer;
  bool any = false;
  for_each_header(block, [&](std::string_view field, std::string_view value) {
    if (field == name) return;
    writer.field(field, value);
    any = true;
  });
  return any ? writer.take() : std::string();
}

}  // namespace midge::jetstream
