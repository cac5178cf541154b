// What a Message refers to: its views, and behind them the bytes that it owns, if it does.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "midge/message.h"

namespace midge::detail {

struct MessageBlock {
  // 0 = borrowed: the views lie in the receive buffer, and the block on the background thread's
  // stack.
  std::atomic<std::uint32_t> references{0};
  std::string_view subject, reply, headers, data;

  // One that owns a copy of the bytes, with one reference.
  static MessageBlock* copy_of(const MessageBlock& block);
  void release();

  // The one handle of `block`, which takes its reference.
  static Message handle(MessageBlock* block) { return Message(block); }
  // Another handle of a message that a callback got, good for as long as that is: no copy is made.
  static Message lend(const Message& message) {
    if (message.block_ != nullptr && message.block_->references != 0) return message;
    return Message(message.block_);
  }
  // Null if the message is none.
  static const MessageBlock* of(const Message& message) { return message.block_; }
};

}  // namespace midge::detail
