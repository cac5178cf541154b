// What was asked of a pull consumer and has not come, and what a status line of it means. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace midge::detail {

struct PullLimits {
  std::size_t messages = 0, bytes = 0;  // asked for in advance; bytes: 0 = messages count
  std::size_t threshold_messages = 0, threshold_bytes = 0;
};

// What a status line asks for.
enum class PullVerdict : std::uint8_t {
  kGoOn,       // nothing, or to ask for more
  kWarn,       // the same, and the user wants to know
  kBeginAnew,  // whatever was asked for is forgotten: ask again, after a while
  kUnpinned,   // the same, without the pin, at once
  kLost,       // the consumer is gone
  kEnd,        // asking again would not help
};

class PullLedger {
 public:
  explicit PullLedger(const PullLimits& limits) : limits_(limits) {}

  struct Pull {
    std::size_t batch = 0, bytes = 0;
  };
  // The next pull, which counts as sent; nullopt: there is enough. `held`: that have come and that
  // nobody has handled yet.
  std::optional<Pull> next(std::size_t held_messages, std::size_t held_bytes);
  void on_message(std::size_t bytes);
  // `pending_…`: what the server says was not delivered of the pull that ends.
  PullVerdict on_status(int code, std::string_view description, std::size_t pending_messages,
                        std::size_t pending_bytes);
  // Nothing is under way any more.
  void reset() { messages_ = bytes_ = 0; }

  [[nodiscard]] std::size_t messages() const { return messages_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  const PullLimits limits_;
  std::size_t messages_ = 0, bytes_ = 0;
};

}  // namespace midge::detail
