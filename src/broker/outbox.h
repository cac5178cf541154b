// What one connection has yet to be written: copied bytes and references to payloads, in order.
//
// Small frames are copied into blocks of the loop's pool; larger payloads are referenced where they
// lie. References into a read chunk ("borrowed") last until the end of the tick: what the socket
// did not take is then copied (own_leftovers), so that a slow reader does not hold whole chunks. An
// empty outbox holds no block.
//
// Frame boundaries are kept only if track_frames() was asked for (slow_consumer_policy: drop_old).
// Thread: the connection's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "broker/block_pool.h"
#include "io/stream.h"

namespace midge::broker {

class Outbox {
 public:
  enum class FlushStatus : std::uint8_t { kDrained, kBlocked, kFailed };

  Outbox() = default;
  ~Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // `size` contiguous bytes to be filled; then commit() what was used of them.
  char* reserve(BlockPool& pool, std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) [[unlikely]]
      open_block(pool, size);
    return at_;
  }
  void commit(std::size_t size) {
    if (extends_last_) [[likely]] {
      pieces_.back().size += size;
    } else {
      start_piece(size);
    }
    at_ += size;
    pending_ += size;
  }
  void append(BlockPool& pool, std::string_view bytes);
  // References `bytes`, which lie in `block`.
  void append_reference(std::string_view bytes, const SharedBytes& block, bool borrowed);

  // Tells where a frame ended; `droppable`: a message, neither PONG nor INFO nor -ERR.
  void end_frame(bool droppable) {
    if (track_frames_) note_frame(droppable);
  }
  void track_frames() { track_frames_ = true; }
  // Drops whole messages, oldest first, never the frame under way, until at most `target` bytes are
  // left or nothing droppable is. Returns how many.
  std::size_t drop_oldest(std::size_t target);

  // Writes until all is written or the stream takes no more.
  FlushStatus flush(io::Stream& stream, BlockPool& pool);
  // Copies what is borrowed. After it nothing refers to a read chunk.
  void own_leftovers(BlockPool& pool);
  // Forgets everything.
  void clear(BlockPool& pool);

  [[nodiscard]] std::size_t pending() const { return pending_; }
  [[nodiscard]] bool empty() const { return pending_ == 0; }
  // Bytes handed to the stream since the beginning.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Piece {
    const char* data;
    std::size_t size;
    SharedBytes block;
    bool borrowed;
  };
  struct FrameEnd {
    std::uint64_t size : 63;
    std::uint64_t droppable : 1;
  };
  void open_block(BlockPool& pool, std::size_t size);
  void start_piece(std::size_t size);
  void note_frame(bool droppable);
  void consume(std::size_t bytes, BlockPool& pool);
  void reset(BlockPool& pool);

  char* at_ = nullptr;  // free room of the open block
  char* end_ = nullptr;
  SharedBytes open_;
  std::vector<Piece> pieces_;
  std::size_t first_ = 0;  // pieces before it are written
  std::size_t pending_ = 0;
  std::uint64_t written_ = 0;
  bool extends_last_ = false;  // at_ follows directly on the last piece
  bool borrowed_ = false;
  bool track_frames_ = false;
  std::unique_ptr<std::deque<FrameEnd>> frames_;  // only with track_frames_
  std::uint64_t frames_bytes_ = 0;                // bytes of the frames noted and not yet written
  std::uint64_t front_written_ = 0;               // of the front frame
};

}  // namespace midge::broker
