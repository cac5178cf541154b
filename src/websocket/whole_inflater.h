// Inflates messages that are there as a whole, at once and into one room: twice as fast as
// Inflater, which takes all others. What it can not make anything of is Inflater's, too, to say
// what is wrong.
//
// Thread: its loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace midge::websocket {

class WholeInflater {
 public:
  static constexpr std::size_t kMessageMax = 64 * 1024;

  enum class Outcome : std::uint8_t { kDone, kNoRoom, kNotForMe };

  WholeInflater();
  ~WholeInflater();

  // `size`: of what came out. Unless it is done, the room may have been written to.
  Outcome inflate(std::string_view message, std::span<char> into, std::size_t& size);

 private:
  struct Context;
  std::unique_ptr<Context> context_;  // made when first needed
};

}  // namespace midge::websocket
