// The `Nats-Request-Info` header that a request carries into the account of the service: who asks.
//
// What a client writes under that name does not get through an import. Field order and names are
// nats-server's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/message.h"
#include "broker/stats.h"

namespace midge::broker {

struct RequestInfo {
  std::string_view account;                    // the requester's
  std::string_view service;                    // the account in between, if there is one
  Duration rtt;                                // of the requester; 0 = not known
  const ConnectionInfo* connection = nullptr;  // shown if the import shares
  std::string_view server;

  [[nodiscard]] std::string json() const;
};

struct ServiceTerms;

// A request as the account of a service sees it. Filled anew for each message.
struct CrossRequest {
  const ServiceTerms* terms = nullptr;
  std::string payload;
  std::uint32_t header_size = 0;
  std::string reply;
};

// Rebuilds the header block and the body of `message` in `into`, with the header `name` set to
// `value` in place of what the message has of it; returns the size of the header block.
std::uint32_t set_header(const Message& message, std::string_view name, std::string_view value,
                         std::string& into);

}  // namespace midge::broker
