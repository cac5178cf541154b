#include "broker/outbox.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "proto/client_parser.h"

namespace midge::broker {

namespace {

// One writev's worth of slices: enough for a burst of referenced payloads.
constexpr std::size_t kSlicesPerWrite = 128;

}  // namespace

void Outbox::open_block(BlockPool& pool, std::size_t size) {
  // The second block of a burst is a large one: whoever filled a small one has more to say.
  const bool burst = open_ && pending_ > 0;
  open_ = pool.take(burst ? std::max(size, BlockPool::kSmall + 1) : size);
  at_ = open_.data();
  end_ = at_ + open_.capacity();
  extends_last_ = false;
}

void Outbox::start_piece(std::size_t size) {
  pieces_.push_back(Piece{at_, size, open_, false});
  extends_last_ = true;
}

void Outbox::append(BlockPool& pool, std::string_view bytes) {
  std::memcpy(reserve(pool, bytes.size()), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Outbox::append_reference(std::string_view bytes, const SharedBytes& block, bool borrowed) {
  pieces_.push_back(Piece{bytes.data(), bytes.size(), block, borrowed});
  pending_ += bytes.size();
  extends_last_ = false;
  borrowed_ |= borrowed;
}

void Outbox::note_frame(bool droppable) {
  if (frames_ == nullptr) frames_ = std::make_unique<std::deque<FrameEnd>>();
  frames_->push_back(FrameEnd{pending_ - frames_bytes_, droppable});
  frames_bytes_ = pending_;
}

Outbox::FlushStatus Outbox::flush(io::Stream& stream, BlockPool& pool) {
  while (pending_ > 0) {
    std::array<io::Slice, kSlicesPerWrite> slices;
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (std::size_t i = first_; i < pieces_.size() && count < kSlicesPerWrite; ++i) {
      slices[count++] = {pieces_[i].data, pieces_[i].size};
      bytes += pieces_[i].size;
    }
    const io::IoCount written = stream.write(std::span(slices.data(), count));
    if (written.status == io::IoCount::Status::kWouldBlock) return FlushStatus::kBlocked;
    if (!written.ok()) return FlushStatus::kFailed;
    consume(written.bytes, pool);
    if (written.bytes < bytes) return FlushStatus::kBlocked;
  }
  return FlushStatus::kDrained;
}

void Outbox::consume(std::size_t bytes, BlockPool& pool) {
  pending_ -= bytes;
  written_ += bytes;
  if (frames_ != nullptr) {
    frames_bytes_ -= bytes;
    front_written_ += bytes;
    while (!frames_->empty() && front_written_ >= frames_->front().size) {
      front_written_ -= frames_->front().size;
      frames_->pop_front();
    }
  }
  if (pending_ == 0) {
    reset(pool);
    return;
  }
  while (bytes > 0) {
    Piece& piece = pieces_[first_];
    if (bytes < piece.size) {
      piece.data += bytes;
      piece.size -= bytes;
      break;
    }
    bytes -= piece.size;
    if (!piece.borrowed) pool.give_back(std::move(piece.block));
    piece.block = SharedBytes();
    ++first_;
  }
  // A queue that never drains must not grow its list of written pieces.
  if (first_ > 1024 && first_ * 2 > pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void Outbox::reset(BlockPool& pool) {
  for (std::size_t i = first_; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    // The open block is referenced by open_ too and goes back below.
    if (piece.block && !piece.borrowed) {
      if (open_ && piece.block.data() == open_.data()) continue;
      pool.give_back(std::move(piece.block));
    }
  }
  if (pieces_.capacity() > 64) {
    pieces_ = {};
  } else {
    pieces_.clear();
  }
  pool.give_back(std::move(open_));
  open_ = SharedBytes();
  at_ = end_ = nullptr;
  first_ = 0;
  extends_last_ = false;
  borrowed_ = false;
}

void Outbox::clear(BlockPool& pool) {
  pending_ = 0;
  if (frames_ != nullptr) frames_->clear();
  frames_bytes_ = front_written_ = 0;
  reset(pool);
}

void Outbox::own_leftovers(BlockPool& pool) {
  if (!borrowed_) return;
  std::vector<Piece> pieces;
  pieces.swap(pieces_);
  const std::size_t first = std::exchange(first_, 0);
  const std::size_t pending = std::exchange(pending_, 0);
  extends_last_ = false;
  borrowed_ = false;
  for (std::size_t i = first; i < pieces.size(); ++i) {
    Piece& piece = pieces[i];
    const bool copy = piece.borrowed && piece.size < proto::kLargeFrame;
    if (copy) {
      append(pool, {piece.data, piece.size});
    } else {
      // A large slice keeps its chunk: all of a fan-out's slow readers share it.
      piece.borrowed = false;
      pending_ += piece.size;
      pieces_.push_back(std::move(piece));
      extends_last_ = false;
    }
  }
  pending_ = pending;
}

std::size_t Outbox::drop_oldest(std::size_t target) {
  if (frames_ == nullptr || frames_->empty()) return 0;
  std::vector<Piece> old;
  old.swap(pieces_);
  std::size_t piece = std::exchange(first_, 0);
  std::deque<FrameEnd> frames;
  frames.swap(*frames_);
  extends_last_ = false;
  std::size_t dropped = 0;
  std::size_t left = pending_;
  std::size_t offset = front_written_;  // of the frame under way that is written already
  for (const FrameEnd& frame : frames) {
    const bool under_way = offset > 0;
    std::size_t size = frame.size - std::exchange(offset, 0);
    const bool drop = frame.droppable && !under_way && left > target;
    if (drop) {
      left -= size;
      ++dropped;
    } else {
      frames_->push_back(frame);
    }
    while (size > 0) {
      Piece& from = old[piece];
      const std::size_t part = std::min(size, from.size);
      if (!drop) {
        const bool joins =
            !pieces_.empty() && pieces_.back().data + pieces_.back().size == from.data;
        if (joins)
          pieces_.back().size += part;
        else
          pieces_.push_back(Piece{from.data, part, from.block, from.borrowed});
      }
      from.data += part;
      from.size -= part;
      size -= part;
      if (from.size == 0) ++piece;
    }
  }
  pending_ = frames_bytes_ = left;
  // The next copy starts a new piece: the last kept one may not end where the open block's room
  // begins.
  return dropped;
}

}  // namespace midge::broker
