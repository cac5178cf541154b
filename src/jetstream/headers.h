// Header blocks as JetStream reads and makes them: `NATS/1.0\r\nName: value\r\n…\r\n`. Names are
// compared letter by letter, as nats-server does here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/message_headers.h"

namespace midge::jetstream {

using proto::HeaderWriter;

// The value, without spaces before it, of the first field of this name. Null data: there is none.
std::string_view header_value(std::string_view block, std::string_view name);

// Calls field(name, value) for each field of a well-formed block; nothing for others.
template <class Field>
void for_each_header(std::string_view block, Field&& field) {
  if (!block.starts_with(proto::kHeaderLine)) return;
  block.remove_prefix(proto::kHeaderLine.size());
  proto::HeaderField each;
  while (proto::take_header_field(block, each)) {
    while (!each.value.empty() && each.value.front() == ' ') each.value.remove_prefix(1);
    field(each.name, each.value);
  }
}

inline constexpr int kApiLevel = 5;
// Whether this server has as high an API level; "" is none.
bool is_api_level_there(std::string_view wanted);
// Whether this server has the API level that a request's Nats-Required-Api-Level asks for.
bool api_level_suffices(std::string_view block);

// `block` with this field in the place of its first one of this name, or behind all others.
std::string with_header(std::string_view block, std::string_view name, std::string_view value);
// `block` without the fields of this name.
std::string without_header(std::string_view block, std::string_view name);

}  // namespace midge::jetstream
