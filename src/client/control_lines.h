// SUB and UNSUB as bytes.
#pragma once

#include <cstdint>
#include <string>

#include "client/subscription.h"

namespace midge::detail {

// `max`: how many messages still come; 0 = none.
inline std::string unsub_line(std::uint64_t sid, std::uint64_t max = 0) {
  std::string line = "UNSUB " + std::to_string(sid);
  if (max != 0) line += " " + std::to_string(max);
  return line + "\r\n";
}

// As a server is told of it that knows nothing yet, with how many messages are still to come.
inline std::string sub_lines(const Subscription& subscription) {
  std::string lines = "SUB " + subscription.subject + " ";
  if (subscription.queue) lines += *subscription.queue + " ";
  lines += std::to_string(subscription.sid) + "\r\n";
  if (const std::uint64_t max = subscription.max; max != 0)
    lines += unsub_line(subscription.sid, max - subscription.received);
  return lines;
}

}  // namespace midge::detail
