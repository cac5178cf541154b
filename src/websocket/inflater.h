// Inflates one message after the other, each without what came before it (RFC 7692, no context
// takeover), in whatever parts it comes and into whatever room there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace midge::websocket {

class Inflater {
 public:
  // What one costs, its window included.
  static constexpr std::int64_t kBytes = 48 * 1024;

  enum class Status : std::uint8_t {
    kPartTaken,    // more of the message is needed
    kFull,         // there may be more to come out of what was taken
    kMessageDone,  // the next part is another message's
    kCorrupt,
  };

  Inflater();
  ~Inflater();

  // Takes bytes off the front of `part` and fills `into` from `filled` on. `ends`: the part is its
  // message's last.
  Status inflate(std::string_view& part, bool ends, std::span<char> into, std::size_t& filled);
  // Whatever was under way is forgotten.
  void reset();
  // Bytes that came out of the message at hand, or of the one that is done.
  [[nodiscard]] std::uint64_t message_size() const { return size_; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::uint64_t size_ = 0;
  std::size_t tail_taken_ = 0;  // of what every message ends with, and is not sent
  bool done_ = false;           // the next part begins another message
  bool over_ = false;           // the message had a last block: what follows means nothing
};

}  // namespace midge::websocket
