// A byte stream: a TCP connection, or one end of an in-memory pipe. Non-blocking, readiness based.
//
// Thread: after attach(), its loop's only. Destruction closes it, also from within one of its own
// or another stream's events; no event comes after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "io/address.h"

namespace midge::io {

class Loop;
class ProxiedStream;
class SecureStream;
class WebSocketStream;

struct Slice {
  const char* data;
  std::size_t size;
};

// What a read or write came to.
struct IoCount {
  enum class Status : std::uint8_t { kOk, kWouldBlock, kEnd, kError };
  Status status = Status::kOk;
  std::size_t bytes = 0;  // kOk: > 0
  int error = 0;          // kError: the errno
  [[nodiscard]] bool ok() const { return status == Status::kOk; }
};

class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // There is something to read: bytes, the end, or an error. Level triggered: comes again each tick
  // until it was read or reading is not watched any more.
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;

  // Binds the stream to `loop` for life and watches it for reading. Called once, on that loop.
  virtual void attach(Loop& loop, StreamEvents& events) = 0;
  // Reads at most into.size() bytes.
  virtual IoCount read(std::span<char> into) = 0;
  // Writes a prefix of the slices (at most kSlicesMax are looked at).
  virtual IoCount write(std::span<const Slice> from) = 0;
  // Which events to be told of. A stream watched for nothing still reports nothing: a dead peer of
  // a parked stream is found by its timers.
  virtual void watch(bool readable, bool writable) = 0;
  // No more bytes will be written: the peer reads the end. Reading may go on.
  virtual void shutdown_write() = 0;

  [[nodiscard]] virtual Address remote() const = 0;
  [[nodiscard]] virtual Address local() const = 0;
  // True for an in-memory pipe.
  [[nodiscard]] virtual bool in_process() const { return false; }
  // The server's own: neither counted nor shown among connections.
  [[nodiscard]] virtual bool of_server() const { return false; }
  // Itself, if it can be encrypted (io/secure_stream.h).
  [[nodiscard]] virtual SecureStream* secure() { return nullptr; }
  // Itself, or what lies below it, if a proxy's header comes first (io/proxied_stream.h).
  [[nodiscard]] virtual ProxiedStream* proxied() { return nullptr; }
  // Itself, if its bytes travel in a web socket's frames (io/web_socket_stream.h).
  [[nodiscard]] virtual WebSocketStream* web_socket() { return nullptr; }

  static constexpr std::size_t kSlicesMax = 1024;
};

}  // namespace midge::io
