#include "io/pipe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "io/loop.h"

namespace midge::io {
namespace {

// Bytes under way in one direction. Memory grows with need, up to the capacity.
class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity) : capacity_(capacity) {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == capacity_; }

  std::size_t put(std::string_view from) {
    const std::size_t count = std::min(from.size(), capacity_ - size_);
    reserve(size_ + count);
    for (std::size_t done = 0; done < count;) {
      const std::size_t at = (start_ + size_) % bytes_.size();
      const std::size_t part = std::min(count - done, bytes_.size() - at);
      std::memcpy(bytes_.data() + at, from.data() + done, part);
      size_ += part;
      done += part;
    }
    return count;
  }

  std::size_t take(std::span<char> into) {
    const std::size_t count = std::min(into.size(), size_);
    for (std::size_t done = 0; done < count;) {
      const std::size_t part = std::min(count - done, bytes_.size() - start_);
      std::memcpy(into.data() + done, bytes_.data() + start_, part);
      start_ = (start_ + part) % bytes_.size();
      size_ -= part;
      done += part;
    }
    return count;
  }

 private:
  void reserve(std::size_t needed) {
    if (needed <= bytes_.size()) return;
    constexpr std::size_t kFirst = 4096;
    std::vector<char> larger(std::min(std::max({needed, 2 * bytes_.size(), kFirst}), capacity_));
    const std::size_t held = size_;
    take(larger);
    bytes_ = std::move(larger);
    start_ = 0;
    size_ = held;
  }

  const std::size_t capacity_;
  std::vector<char> bytes_;
  std::size_t start_ = 0;
  std::size_t size_ = 0;
};

class PipeStream;

// What one end has. Its stream is called on its loop only.
struct PipeSide {
  explicit PipeSide(std::size_t capacity) : incoming(capacity) {}

  ByteRing incoming;
  bool closed = false;
  bool wrote_all = false;  // shutdown_write()

  PipeStream* stream = nullptr;  // while it is attached
  Loop* loop = nullptr;
  bool watch_readable = false;
  bool watch_writable = false;
  bool mail_under_way = false;
};

// What both ends share, under the mutex. It lives until both ends and mail under way are gone.
struct Pipe {
  explicit Pipe(std::size_t capacity) : sides{PipeSide(capacity), PipeSide(capacity)} {}

  std::mutex mutex;
  std::condition_variable may_go_on;  // of an end that blocks
  std::array<PipeSide, 2> sides;

  [[nodiscard]] const PipeSide& peer_of(const PipeSide& side) const {
    return sides[&side == &sides[0] ? 1 : 0];
  }
  [[nodiscard]] bool readable(const PipeSide& side) const {
    return side.watch_readable && (!side.incoming.empty() || is_at_end(side));
  }
  [[nodiscard]] bool writable(const PipeSide& side) const {
    const PipeSide& peer = peer_of(side);
    return side.watch_writable && (!peer.incoming.full() || peer.closed);
  }
  // Nothing comes behind what is there.
  [[nodiscard]] bool is_at_end(const PipeSide& side) const {
    const PipeSide& peer = peer_of(side);
    return peer.closed || peer.wrote_all;
  }
};

using SharedPipe = std::shared_ptr<Pipe>;

// Tells a loop that its end may be ready.
class PipeMail final : public Mail {
 public:
  PipeMail(SharedPipe pipe, PipeSide& side) : pipe_(std::move(pipe)), side_(side) {}
  void arrive(LoopHandler& handler) override;

 private:
  SharedPipe pipe_;
  PipeSide& side_;
};

// Called by the other end's thread with the lock held, so that the loop cannot end meanwhile:
// whoever ends it destroys its end first, which takes the lock.
void notify(const SharedPipe& pipe, PipeSide& side) {
  pipe->may_go_on.notify_all();
  if (side.stream == nullptr || side.mail_under_way) return;
  if (!pipe->readable(side) && !pipe->writable(side)) return;
  side.mail_under_way = true;
  side.loop->post(std::make_unique<PipeMail>(pipe, side));
}

class PipeStream final : public Stream, private Turn {
 public:
  PipeStream(SharedPipe pipe, std::size_t side)
      : pipe_(std::move(pipe)), mine_(pipe_->sides[side]), peer_(pipe_->sides[1 - side]) {}
  ~PipeStream() override {
    if (destroyed_ != nullptr) *destroyed_ = true;
    const std::lock_guard lock(pipe_->mutex);
    mine_.stream = nullptr;
    mine_.loop = nullptr;
    mine_.closed = true;
    notify(pipe_, peer_);
  }

  void attach(Loop& loop, StreamEvents& events) override {
    ENSURE(loop_ == nullptr, "a stream is attached once");
    loop_ = &loop;
    events_ = &events;
    const std::lock_guard lock(pipe_->mutex);
    mine_.stream = this;
    mine_.loop = &loop;
    mine_.watch_readable = true;
    take_turn_if_ready();
  }

  IoCount read(std::span<char> into) override {
    const std::lock_guard lock(pipe_->mutex);
    const std::size_t count = mine_.incoming.take(into);
    if (count > 0) {
      notify(pipe_, peer_);
      return {IoCount::Status::kOk, count};
    }
    return {pipe_->is_at_end(mine_) ? IoCount::Status::kEnd : IoCount::Status::kWouldBlock};
  }

  IoCount write(std::span<const Slice> from) override {
    const std::lock_guard lock(pipe_->mutex);
    if (peer_.closed || mine_.wrote_all) return {IoCount::Status::kError, 0, EPIPE};
    std::size_t count = 0;
    for (const Slice& slice : from.first(std::min(from.size(), kSlicesMax))) {
      const std::size_t part = peer_.incoming.put({slice.data, slice.size});
      count += part;
      if (part < slice.size) break;
    }
    if (count == 0) return {IoCount::Status::kWouldBlock};
    notify(pipe_, peer_);
    return {IoCount::Status::kOk, count};
  }

  void watch(bool readable, bool writable) override {
    const std::lock_guard lock(pipe_->mutex);
    mine_.watch_readable = readable;
    mine_.watch_writable = writable;
    take_turn_if_ready();
  }

  void shutdown_write() override {
    const std::lock_guard lock(pipe_->mutex);
    mine_.wrote_all = true;
    notify(pipe_, peer_);
  }

  [[nodiscard]] Address remote() const override { return {"pipe", 0}; }
  [[nodiscard]] Address local() const override { return {"pipe", 0}; }
  [[nodiscard]] bool in_process() const override { return true; }

  // With the lock held, on the loop.
  void take_turn_if_ready() {
    if (pipe_->readable(mine_) || pipe_->writable(mine_)) loop_->schedule(*this);
  }

 private:
  void on_turn() override {
    bool destroyed = false;
    destroyed_ = &destroyed;
    if (is_ready(&Pipe::readable)) events_->on_readable();
    if (destroyed) return;
    if (is_ready(&Pipe::writable)) events_->on_writable();
    if (destroyed) return;
    destroyed_ = nullptr;
    const std::lock_guard lock(pipe_->mutex);
    take_turn_if_ready();
  }

  [[nodiscard]] bool is_ready(bool (Pipe::*question)(const PipeSide&) const) const {
    const std::lock_guard lock(pipe_->mutex);
    return ((*pipe_).*question)(mine_);
  }

  const SharedPipe pipe_;
  PipeSide& mine_;
  PipeSide& peer_;
  Loop* loop_ = nullptr;
  StreamEvents* events_ = nullptr;
  bool* destroyed_ = nullptr;  // set while an event runs
};

void PipeMail::arrive(LoopHandler&) {
  const std::lock_guard lock(pipe_->mutex);
  side_.mail_under_way = false;
  if (side_.stream != nullptr) side_.stream->take_turn_if_ready();
}

class PipeEnd final : public PipeClient {
 public:
  PipeEnd(SharedPipe pipe, std::size_t side)
      : pipe_(std::move(pipe)), mine_(pipe_->sides[side]), peer_(pipe_->sides[1 - side]) {}
  ~PipeEnd() override { close(); }

  std::size_t read(std::span<char> into) override {
    std::unique_lock lock(pipe_->mutex);
    pipe_->may_go_on.wait(lock, [this] { return !mine_.incoming.empty() || read_all(); });
    return take(into);
  }

  bool write(std::string_view bytes) override {
    std::unique_lock lock(pipe_->mutex);
    while (!bytes.empty()) {
      pipe_->may_go_on.wait(lock, [this] { return !peer_.incoming.full() || broken(); });
      if (broken()) return false;
      bytes.remove_prefix(put(bytes));
    }
    return true;
  }

  IoCount try_read(std::span<char> into) override {
    const std::lock_guard lock(pipe_->mutex);
    const std::size_t count = take(into);
    if (count > 0) return {IoCount::Status::kOk, count};
    return {read_all() ? IoCount::Status::kEnd : IoCount::Status::kWouldBlock};
  }

  IoCount try_write(std::string_view bytes) override {
    const std::lock_guard lock(pipe_->mutex);
    if (broken()) return {IoCount::Status::kEnd};
    const std::size_t count = put(bytes);
    if (count > 0) return {IoCount::Status::kOk, count};
    return {IoCount::Status::kWouldBlock};
  }

  void close() override {
    const std::lock_guard lock(pipe_->mutex);
    mine_.closed = true;
    notify(pipe_, peer_);
  }

 private:
  [[nodiscard]] bool broken() const { return peer_.closed || mine_.closed; }
  [[nodiscard]] bool read_all() const { return mine_.closed || pipe_->is_at_end(mine_); }

  std::size_t take(std::span<char> into) {
    const std::size_t count = mine_.incoming.take(into);
    if (count > 0) notify(pipe_, peer_);
    return count;
  }

  std::size_t put(std::string_view bytes) {
    const std::size_t count = peer_.incoming.put(bytes);
    if (count > 0) notify(pipe_, peer_);
    return count;
  }

  const SharedPipe pipe_;
  PipeSide& mine_;
  PipeSide& peer_;
};

SharedPipe new_pipe(std::size_t capacity) {
  return std::make_shared<Pipe>(std::max<std::size_t>(capacity, 1));
}

}  // namespace

PipePair make_pipe(std::size_t capacity) {
  const SharedPipe pipe = new_pipe(capacity);
  return {std::make_unique<PipeStream>(pipe, 0), std::make_unique<PipeEnd>(pipe, 1)};
}

StreamPair make_stream_pair(std::size_t capacity) {
  const SharedPipe pipe = new_pipe(capacity);
  return {std::make_unique<PipeStream>(pipe, 0), std::make_unique<PipeStream>(pipe, 1)};
}

}  // namespace midge::io
