#include "websocket/inflater.h"

#include <zlib.h>

#include "base/check.h"

namespace midge::websocket {
namespace {

constexpr std::string_view kTail{"\x00\x00\xFF\xFF", 4};
// zlib's `data_type` behind a block that is not the last one, with nothing left of its last byte.
constexpr int kBetweenBlocks = 128;

}  // namespace

struct Inflater::Context {
  Context() { ENSURE(inflateInit2(&stream, -MAX_WBITS) == Z_OK, "zlib has memory"); }
  ~Context() { inflateEnd(&stream); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  z_stream stream{};
};

Inflater::Inflater() : context_(std::make_unique<Context>()) {}
Inflater::~Inflater() = default;

void Inflater::reset() {
  inflateReset(&context_->stream);
  size_ = 0;
  tail_taken_ = 0;
  done_ = false;
  over_ = false;
}

Inflater::Status Inflater::inflate(std::string_view& part, bool ends, std::span<char> into,
                                   std::size_t& filled) {
  if (done_) reset();
  z_stream& stream = context_->stream;
  std::string_view tail = kTail.substr(tail_taken_);
  while (!over_) {
    const bool at_tail = part.empty() && ends;
    std::string_view& input = at_tail ? tail : part;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(into.data() + filled);
    stream.avail_out = static_cast<uInt>(into.size() - filled);
    const int done = ::inflate(&stream, Z_SYNC_FLUSH);
    const std::size_t produced = into.size() - filled - stream.avail_out;
    filled += produced;
    size_ += produced;
    input.remove_prefix(input.size() - stream.avail_in);
    tail_taken_ = kTail.size() - tail.size();
    over_ = done == Z_STREAM_END;
    if (done != Z_OK && done != Z_BUF_ERROR && !over_) return Status::kCorrupt;
    if (over_) break;
    if (stream.avail_out == 0) return Status::kFull;
    if (!part.empty()) return Status::kCorrupt;  // it takes no more, and there is room
    if (!ends) return Status::kPartTaken;
    if (!tail.empty()) continue;
    // The message breaks off within a block.
    if (stream.data_type != kBetweenBlocks) return Status::kCorrupt;
    break;
  }
  part = {};
  if (!ends) return Status::kPartTaken;
  done_ = true;
  return Status::kMessageDone;
}

}  // namespace midge::websocket
