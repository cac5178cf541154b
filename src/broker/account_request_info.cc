#include "broker/account_request_info.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/json_writer.h"
#include "proto/blank.h"
#include "proto/message_headers.h"

namespace midge::broker {
namespace {

constexpr std::string_view kLineEnds = "\r\n";

bool line_has_name(std::string_view line, std::string_view name) {
  std::string_view its_name = line.substr(0, line.find(':'));
  while (!its_name.empty() && proto::is_blank(its_name.back())) its_name.remove_suffix(1);
  return equal_ignoring_case(its_name, name);
}

// The lines of a header block, without empty ones. Readers differ in what ends a line for them, and
// whether blanks may stand before the colon: whatever any of them could take for a line of this
// name goes, with the lines that continue it.
void append_lines_without(std::string_view block, std::string_view name, std::string& into) {
  bool dropped = false;
  while (!block.empty()) {
    const std::string_view line = block.substr(0, block.find_first_of(kLineEnds));
    block.remove_prefix(std::min(line.size() + 1, block.size()));
    if (line.empty()) continue;
    dropped = (dropped && proto::is_blank(line[0])) || line_has_name(line, name);
    if (!dropped) into.append(line).append("\r\n");
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
    json.field_unless_empty("jwt", connection->jwt);
    json.field_unless_empty("issuer_key", connection->issuer_key);
    json.field_unless_empty("name_tag", connection->user_name);
    json.field_unless_empty("tags", connection->tags);
    json.field("kind", "Client");
    json.field("client_type", connection->web_socket ? "websocket" : "nats");
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
    into += proto::kHeaderLine;
  }
  into.append(name).append(": ").append(value).append("\r\n\r\n");
  const auto size = static_cast<std::uint32_t>(into.size());
  into += message.body();
  return size;
}

}  // namespace midge::broker
