#include "websocket/deflater.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "websocket/deflate/block_code.h"
#include "websocket/deflate/match_finder.h"

namespace midge::websocket {
namespace {

// A block that tells so many tokens or more earns codes of its own.
constexpr std::size_t kTokensMin = 160;
constexpr unsigned kEmptyBlockBits = 3;

}  // namespace

struct Deflater::Room {
  MatchFinder finder;
  std::array<char, kInputMax + MatchFinder::kSlack> input;
  std::array<char, BlockCode::size_max(kInputMax) + BitWriter::kSlack> output;
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

std::string_view Deflater::compress(std::span<const io::Slice> from, std::size_t size) {
  DCHECK(size <= kInputMax, "the caller cuts messages");
  if (room_ == nullptr) room_ = std::make_unique<Room>();
  char* const input = room_->input.data();
  std::size_t filled = 0;
  for (const io::Slice& slice : from) {
    std::memcpy(input + filled, slice.data, slice.size);
    filled += slice.size;
  }
  // What is behind the input is read, too: the same message is always made into the same.
  std::memset(input + filled, 0, MatchFinder::kSlack);
  const std::span<const Token> tokens = room_->finder.find(input, size);
  BitWriter out(room_->output.data());
  if (tokens.size() < kTokensMin)
    BlockCode::known().write(tokens, out);
  else
    BlockCode::made_for(tokens).write(tokens, out);
  // An empty block as it is (three bits of nothing) ends a message; its 00 00 FF FF is not sent.
  out.add(0, kEmptyBlockBits);
  const std::size_t bytes = out.finish();
  return bytes < size ? std::string_view(room_->output.data(), bytes) : std::string_view();
}

}  // namespace midge::websocket
