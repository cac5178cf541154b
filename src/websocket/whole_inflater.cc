#include "websocket/whole_inflater.h"

#include <libdeflate.h>

#include <array>

#include "base/check.h"

namespace midge::websocket {
namespace {

// What every message ends with and is not sent, and an empty last block: a message has none of its
// own, as a rule.
constexpr std::string_view kTail{"\x00\x00\xFF\xFF\x01\x00\x00\xFF\xFF", 9};

}  // namespace

struct WholeInflater::Context {
  Context() { ENSURE(library != nullptr, "libdeflate has memory"); }
  ~Context() { libdeflate_free_decompressor(library); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  libdeflate_decompressor* library = libdeflate_alloc_decompressor();
  std::array<char, kMessageMax + kTail.size()> input;
};

WholeInflater::WholeInflater() = default;
WholeInflater::~WholeInflater() = default;

WholeInflater::Outcome WholeInflater::inflate(std::string_view message, std::span<char> into,
                                              std::size_t& size) {
  if (message.size() > kMessageMax) return Outcome::kNotForMe;
  if (context_ == nullptr) context_ = std::make_unique<Context>();
  char* const input = context_->input.data();
  const std::size_t filled = message.copy(input, message.size());
  kTail.copy(input + filled, kTail.size());
  switch (libdeflate_deflate_decompress(context_->library, input, filled + kTail.size(),
                                        into.data(), into.size(), &size)) {
    case LIBDEFLATE_SUCCESS:
      return Outcome::kDone;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return Outcome::kNoRoom;
    default:
      return Outcome::kNotForMe;
  }
}

}  // namespace midge::websocket
