#include "io/pipe.h"

#include <algorithm>
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

class PipeServer;

// What both ends share, under the mutex. It lives until both ends and mail under way are gone.
struct Pipe {
  explicit Pipe(std::size_t capacity) : to_server(capacity), to_client(capacity) {}

  std::mutex mutex;
  std::condition_variable client_may_go_on;
  ByteRing to_server;
  ByteRing to_client;
  bool client_closed = false;
  bool server_closed = false;
  bool server_wrote_all = false;  // shutdown_write()

  // The server's end, while it is attached. It is called on its loop only.
  PipeServer* server = nullptr;
  Loop* loop = nullptr;
  bool watch_readable = false;
  bool watch_writable = false;
  bool mail_under_way = false;

  [[nodiscard]] bool readable() const {
    return watch_readable && (!to_server.empty() || client_closed);
  }
  [[nodiscard]] bool writable() const {
    return watch_writable && (!to_client.full() || client_closed);
  }
};

using SharedPipe = std::shared_ptr<Pipe>;

// Tells the server's loop that its end may be ready.
class PipeMail final : public Mail {
 public:
  explicit PipeMail(SharedPipe pipe) : pipe_(std::move(pipe)) {}
  void arrive(LoopHandler& handler) override;

 private:
  SharedPipe pipe_;
};

// Called by the client's thread with the lock held, so that the loop cannot end meanwhile: whoever
// ends it destroys the server's end first, which takes the lock.
void notify_server(const SharedPipe& pipe) {
  if (pipe->server == nullptr || pipe->mail_under_way) return;
  if (!pipe->readable() && !pipe->writable()) return;
  pipe->mail_under_way = true;
  pipe->loop->post(std::make_unique<PipeMail>(pipe));
}

class PipeServer final : public Stream, private Turn {
 public:
  explicit PipeServer(SharedPipe pipe) : pipe_(std::move(pipe)) {}
  ~PipeServer() override {
    if (destroyed_ != nullptr) *destroyed_ = true;
    const std::lock_guard lock(pipe_->mutex);
    pipe_->server = nullptr;
    pipe_->loop = nullptr;
    pipe_->server_closed = true;
    pipe_->client_may_go_on.notify_all();
  }

  void attach(Loop& loop, StreamEvents& events) override {
    ENSURE(loop_ == nullptr, "a stream is attached once");
    loop_ = &loop;
    events_ = &events;
    const std::lock_guard lock(pipe_->mutex);
    pipe_->server = this;
    pipe_->loop = &loop;
    pipe_->watch_readable = true;
    take_turn_if_ready();
  }

  IoCount read(std::span<char> into) override {
    const std::lock_guard lock(pipe_->mutex);
    const std::size_t count = pipe_->to_server.take(into);
    if (count > 0) {
      pipe_->client_may_go_on.notify_all();
      return {IoCount::Status::kOk, count};
    }
    return {pipe_->client_closed ? IoCount::Status::kEnd : IoCount::Status::kWouldBlock};
  }

  IoCount write(std::span<const Slice> from) override {
    const std::lock_guard lock(pipe_->mutex);
    if (pipe_->client_closed || pipe_->server_wrote_all) return {IoCount::Status::kError, 0, EPIPE};
    std::size_t count = 0;
    for (const Slice& slice : from.first(std::min(from.size(), kSlicesMax))) {
      const std::size_t part = pipe_->to_client.put({slice.data, slice.size});
      count += part;
      if (part < slice.size) break;
    }
    if (count == 0) return {IoCount::Status::kWouldBlock};
    pipe_->client_may_go_on.notify_all();
    return {IoCount::Status::kOk, count};
  }

  void watch(bool readable, bool writable) override {
    const std::lock_guard lock(pipe_->mutex);
    pipe_->watch_readable = readable;
    pipe_->watch_writable = writable;
    take_turn_if_ready();
  }

  void shutdown_write() override {
    const std::lock_guard lock(pipe_->mutex);
    pipe_->server_wrote_all = true;
    pipe_->client_may_go_on.notify_all();
  }

  [[nodiscard]] Address remote() const override { return {"pipe", 0}; }
  [[nodiscard]] Address local() const override { return {"pipe", 0}; }
  [[nodiscard]] bool in_process() const override { return true; }

  // With the lock held, on the loop.
  void take_turn_if_ready() {
    if (pipe_->readable() || pipe_->writable()) loop_->schedule(*this);
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

  [[nodiscard]] bool is_ready(bool (Pipe::*question)() const) const {
    const std::lock_guard lock(pipe_->mutex);
    return ((*pipe_).*question)();
  }

  const SharedPipe pipe_;
  Loop* loop_ = nullptr;
  StreamEvents* events_ = nullptr;
  bool* destroyed_ = nullptr;  // set while an event runs
};

void PipeMail::arrive(LoopHandler&) {
  const std::lock_guard lock(pipe_->mutex);
  pipe_->mail_under_way = false;
  if (pipe_->server != nullptr) pipe_->server->take_turn_if_ready();
}

class PipeEnd final : public PipeClient {
 public:
  explicit PipeEnd(SharedPipe pipe) : pipe_(std::move(pipe)) {}
  ~PipeEnd() override { close(); }

  std::size_t read(std::span<char> into) override {
    std::unique_lock lock(pipe_->mutex);
    pipe_->client_may_go_on.wait(lock, [this] { return !pipe_->to_client.empty() || read_all(); });
    return take(into);
  }

  bool write(std::string_view bytes) override {
    std::unique_lock lock(pipe_->mutex);
    while (!bytes.empty()) {
      pipe_->client_may_go_on.wait(lock, [this] { return !pipe_->to_server.full() || broken(); });
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
    pipe_->client_closed = true;
    pipe_->client_may_go_on.notify_all();
    notify_server(pipe_);
  }

 private:
  [[nodiscard]] bool broken() const { return pipe_->server_closed || pipe_->client_closed; }
  [[nodiscard]] bool read_all() const { return broken() || pipe_->server_wrote_all; }

  std::size_t take(std::span<char> into) {
    const std::size_t count = pipe_->to_client.take(into);
    if (count > 0) notify_server(pipe_);
    return count;
  }

  std::size_t put(std::string_view bytes) {
    const std::size_t count = pipe_->to_server.put(bytes);
    if (count > 0) notify_server(pipe_);
    return count;
  }

  const SharedPipe pipe_;
};

}  // namespace

PipePair make_pipe(std::size_t capacity) {
  const auto pipe = std::make_shared<Pipe>(std::max<std::size_t>(capacity, 1));
  return {std::make_unique<PipeServer>(pipe), std::make_unique<PipeEnd>(pipe)};
}

}  // namespace midge::io
