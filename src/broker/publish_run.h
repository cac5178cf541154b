// A run: consecutive messages of one read on one subject, held back to be delivered together.
//
// With a wide fan-out the cost of a delivery is fetching the receiver's memory; a run fetches it
// once for many messages. Each receiver still gets the messages in the order they were published.
// Thread: the loop's. A run lives within one call of Client::process.
#pragma once

#include <array>
#include <cstddef>

#include "broker/fwd.h"
#include "broker/message.h"
#include "broker/message_head.h"
#include "broker/route_cache.h"

namespace midge::broker {

struct PublishRun {
  static constexpr std::size_t kMessagesMax = 32;
  // From this many own receivers on, a run pays.
  static constexpr std::size_t kFanoutMin = 8;

  Route* route = nullptr;
  const Client* no_echo = nullptr;
  std::size_t size = 0;
  std::array<Message, kMessagesMax> messages;
  std::array<MessageHead, kMessagesMax> heads;

  [[nodiscard]] bool continues_with(const Message& message) const {
    return route != nullptr && route->subject == message.subject &&
           route->account == message.account;
  }
};

}  // namespace midge::broker
