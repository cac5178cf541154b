// The bodies of requests in the system account: JSON objects with options, each of a type. What is
// meant for monitoring becomes the query that HTTP would have; for which servers a request is, is
// in every body. Errors are Go's, as nats-server sends them on. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json_tree.h"
#include "server/system/server_filter.h"

namespace midge::server {

struct BodyOption {
  enum class Kind : std::uint8_t {
    kBool,
    kFlag,  // a bool that sets the parameter to `value`
    kInt,
    kUnsigned,
    kText,
    kTexts,
    kState,     // of connections
    kOrder,     // of connections
    kDuration,  // in ns
  };
  std::string_view name;
  Kind kind;
  std::string_view parameter;  // in the query
  std::string_view value = "";
};

struct BodyType {
  std::string_view type;  // what the peer calls it
  std::string_view part;  // and the part of it that holds `options`
  std::span<const BodyOption> options;
};

struct RequestBody {
  ServerFilter filter;
  std::string query;
};

// An empty body asks for nothing in particular.
[[nodiscard]] Result<RequestBody> parse_body(const BodyType& type, std::string_view body);

// Adds a parameter to a query.
void add_parameter(std::string& query, std::string_view name, std::string_view value);

}  // namespace midge::server
