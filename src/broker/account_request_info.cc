#include "broker/account_request_info.h"

#include <algorithm>

#include "codec/json_writer.h"

namespace midge::broker {
namespace {

constexpr std::string_view kVersionLine = "NATS/1.0\r\n";

bool is_same_name(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

bool line_has_name(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         is_same_name(line.substr(0, name.size()), name);
}

// The lines of a header block, without the empty one that ends it.
void append_lines_without(std::string_view block, std::string_view name, std::string& into) {
  while (!block.empty()) {
    const std::size_t end = block.find("\r\n");
    const std::size_t size = end == std::string_view::npos ? block.size() : end + 2;
    const std::string_view line = block.substr(0, size);
    block.remove_prefix(size);
    if (line == "\r\n" || line_has_name(line, name)) continue;
    into += line;
    if (!line.ends_with("\r\n")) into += "\r\n";
  }
}

}  // namespace

std::string RequestInfo::json() const {
  codec::JsonWriter json;
  json.begin_object();
  if (connection != nullptr) {
    json.field("start", connection->start);
    json.field_unless_empty("host", connection->ip);
    json.field_unless_empty("id", connection->cid);
  }
  json.field_unless_empty("acc", account);
  json.field_unless_empty("svc", service);
  if (connection != nullptr) {
    json.field_unless_empty("user", connection->authorized_user);
    json.field_unless_empty("name", connection->name);
    json.field_unless_empty("lang", connection->lang);
    json.field_unless_empty("ver", connection->version);
  }
  json.field_unless_empty("rtt", rtt.ns);
  if (connection != nullptr) {
    json.field_unless_empty("server", server);
    json.field("kind", "Client").field("client_type", "nats");
  }
  return json.end_object().take();
}

std::uint32_t set_header(const Message& message, std::string_view name, std::string_view value,
                         std::string& into) {
  into.clear();
  into.reserve(message.payload.size() + name.size() + value.size() + 32);
  if (message.header_size > 0) {
    append_lines_without(message.payload.substr(0, message.header_size), name, into);
  } else {
    into += kVersionLine;
  }
  into.append(name).append(": ").append(value).append("\r\n\r\n");
  const auto size = static_cast<std::uint32_t>(into.size());
  into += message.body();
  return size;
}

}  // namespace midge::broker
