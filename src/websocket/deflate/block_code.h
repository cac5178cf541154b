// The codes of a deflate block (RFC 1951 §3.2.5): one of literals and lengths, one of distances.
// Either those that every reader knows, or some made for the block, which then begins with them.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "websocket/deflate/bit_writer.h"
#include "websocket/deflate/prefix_code.h"
#include "websocket/deflate/token.h"

namespace midge::websocket {

class BlockCode {
 public:
  // What a block of `input` bytes takes at most, with any code.
  static constexpr std::size_t size_max(std::size_t input) { return 2 * input + 512; }

  static const BlockCode& known();
  static BlockCode made_for(std::span<const Token> tokens);

  // Writes a block that is not the last one.
  void write(std::span<const Token> tokens, BitWriter& out) const;

 private:
  BlockCode();
  void write_codes(BitWriter& out) const;

  std::array<Code, 288> symbols_;  // bytes, the end, lengths, and two that are never used
  std::array<Code, Token::kDistances + 1> distances_;
  bool is_known_ = false;
};

}  // namespace midge::websocket
