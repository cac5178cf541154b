#include "tls/blocking_client.h"

#include <array>
#include <cerrno>
#include <utility>

#include "io/stream.h"
#include "tls/session.h"

namespace midge::tls {
namespace {

// The wire as a session sees it: one that may wait once for each time that somebody wants to read,
// so that what has come is handed out before more is waited for.
class PatientWire final : public io::Stream {
 public:
  explicit PatientWire(std::unique_ptr<io::BlockingStream> wire) : wire_(std::move(wire)) {}

  void allow_wait() { may_wait_ = true; }
  // Why the last call failed.
  [[nodiscard]] Error error() const { return error_; }
  io::BlockingStream& plain() { return *wire_; }

  io::IoCount read(std::span<char> into) override {
    using Status = io::IoCount::Status;
    if (!std::exchange(may_wait_, false)) return {Status::kWouldBlock};
    const auto count = wire_->receive(into);
    if (!count) return broken(count.error());
    if (*count == 0) return {Status::kEnd};
    return {Status::kOk, *count};
  }
  io::IoCount write(std::span<const io::Slice> from) override {
    std::size_t total = 0;
    for (const io::Slice& slice : from) {
      if (const auto sent = wire_->send({slice.data, slice.size}); !sent)
        return broken(sent.error());
      total += slice.size;
    }
    return {io::IoCount::Status::kOk, total};
  }

  void attach(io::Loop&, io::StreamEvents&) override {}
  void watch(bool, bool) override {}
  void shutdown_write() override {}
  [[nodiscard]] io::Address remote() const override { return {}; }
  [[nodiscard]] io::Address local() const override { return {}; }

 private:
  io::IoCount broken(const Error& error) {
    error_ = error;
    return {io::IoCount::Status::kError, 0, EIO};
  }

  std::unique_ptr<io::BlockingStream> wire_;
  bool may_wait_ = false;
  Error error_{"tls: connection broken", ErrorCode::kIo};
};

class BlockingClient final : public io::BlockingStream {
 public:
  BlockingClient(std::unique_ptr<io::BlockingStream> wire, std::unique_ptr<Session> session)
      : wire_(std::move(wire)), session_(std::move(session)) {}

  ~BlockingClient() override {
    if (is_open_) session_->say_goodbye();
  }

  Result<void> shake_hands() {
    std::array<char, 16 * 1024> chunk;
    while (true) {
      const Session::Step step = session_->step();
      // What explains a failure to the other side is sent as well.
      const io::IoCount flushed = session_->flush(wire_);
      if (step == Session::Step::kFailed) return failure(session_->failure().text);
      if (!flushed.ok()) return std::unexpected(wire_.error());
      if (step == Session::Step::kDone) break;
      do {
        ASSIGN_OR_RETURN(const std::size_t count, wire_.plain().receive(chunk));
        if (count == 0) return failure("EOF", ErrorCode::kClosed);
        session_->feed({chunk.data(), count});
      } while (!session_->can_step());
    }
    session_->use_wire(wire_);
    is_open_ = true;
    return {};
  }

  Result<void> send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const io::Slice rest{bytes.data(), bytes.size()};
      const io::IoCount count = session_->write({&rest, 1});
      if (!count.ok()) return std::unexpected(wire_.error());
      bytes.remove_prefix(count.bytes);
    }
    return {};
  }

  Result<std::size_t> receive(std::span<char> into) override {
    while (true) {
      wire_.allow_wait();
      const io::IoCount count = session_->read(into);
      switch (count.status) {
        case io::IoCount::Status::kOk:
          return count.bytes;
        case io::IoCount::Status::kWouldBlock:
          continue;  // a record has come in part
        case io::IoCount::Status::kEnd:
          return std::size_t{0};
        case io::IoCount::Status::kError:
          if (count.error == EPROTO)
            return failure("tls: the server broke it off: it may demand a certificate");
          return std::unexpected(wire_.error());
      }
    }
  }

 private:
  PatientWire wire_;
  std::unique_ptr<Session> session_;
  bool is_open_ = false;
};

}  // namespace

Result<std::unique_ptr<io::BlockingStream>> open_client(std::unique_ptr<io::BlockingStream> wire,
                                                        const Context& context, WallTime now,
                                                        const std::string& server_name) {
  auto client =
      std::make_unique<BlockingClient>(std::move(wire), context.make_session(now, server_name));
  TRY(client->shake_hands());
  return client;
}

}  // namespace midge::tls
