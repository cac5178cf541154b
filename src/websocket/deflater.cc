#include "websocket/deflater.h"

#include <zlib.h>

#include "base/check.h"

namespace midge::websocket {
namespace {

// Up to here the codes that every decompressor knows serve as well as made ones, which cost more
// than all the rest.
constexpr std::size_t kSmallInput = 1024;
constexpr int kSmallWindowBits = 11, kSmallMemory = 4;
constexpr int kLargeMemory = 7;
// What a flush ends with, and a message does without.
constexpr std::size_t kTailSize = 4;

}  // namespace

struct Deflater::Context {
  Context(int window_bits, int memory_level, int strategy) {
    const int ready =
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -window_bits, memory_level, strategy);
    ENSURE(ready == Z_OK, "zlib has memory");
  }
  ~Context() { deflateEnd(&stream); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // How many bytes; 0 if they would be more than `room`.
  std::size_t run(std::span<const io::Slice> from, char* into, std::size_t room) {
    deflateReset(&stream);
    stream.next_out = reinterpret_cast<Bytef*>(into);
    stream.avail_out = static_cast<uInt>(room);
    for (std::size_t i = 0; i < from.size(); ++i) {
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from[i].data));
      stream.avail_in = static_cast<uInt>(from[i].size);
      const bool is_last = i + 1 == from.size();
      if (from[i].size == 0 && !is_last) continue;
      const int done = deflate(&stream, is_last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      ENSURE(done == Z_OK || done == Z_BUF_ERROR, "deflate() takes any bytes");
      if (stream.avail_out == 0) return 0;
    }
    return room - stream.avail_out;
  }

  z_stream stream{};
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

std::string_view Deflater::compress(std::span<const io::Slice> from, std::size_t size) {
  DCHECK(size <= kInputMax, "the caller cuts messages");
  if (room_ == nullptr) room_ = std::make_unique_for_overwrite<char[]>(kInputMax + kTailSize);
  std::unique_ptr<Context>& context = size <= kSmallInput ? small_ : large_;
  if (context == nullptr) {
    context = size <= kSmallInput
                  ? std::make_unique<Context>(kSmallWindowBits, kSmallMemory, Z_FIXED)
                  : std::make_unique<Context>(MAX_WBITS, kLargeMemory, Z_DEFAULT_STRATEGY);
  }
  const std::size_t bytes = context->run(from, room_.get(), size + kTailSize);
  return bytes > kTailSize ? std::string_view(room_.get(), bytes - kTailSize) : std::string_view();
}

}  // namespace midge::websocket
