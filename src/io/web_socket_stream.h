// A stream whose bytes travel in the frames of a web socket, after an HTTP request that opened it.
//
// Life: open() → on_opened() → attach() → bytes, like any stream's; or open() → on_refused() →
// on_gone(). What lies below is the stream's own; who reads and writes sees no frames. The end: a
// peer that says goodbye, or breaks the rules, is still owed a Close frame (owes_close()), which
// shutdown_write() sends. Thread: its loop's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/stream.h"

namespace midge::io {

class WebSocketEvents {
 public:
  virtual ~WebSocketEvents() = default;
  // attach() is next. The stream may be moved elsewhere from within.
  virtual void on_opened() = 0;
  // `why`: for the log, whole lines; "" = nothing an operator has to know of.
  virtual void on_refused(std::string_view why) = 0;
  // Nothing more happens: it is to be destroyed, at once or later.
  virtual void on_gone() = 0;
};

// What the opening request said of who comes, beside CONNECT; "" = nothing.
struct WebSocketVisitor {
  std::string forwarded_for;               // X-Forwarded-For, if it is an address
  std::string jwt, user, password, token;  // of cookies
  bool operator==(const WebSocketVisitor&) const = default;
};

class WebSocketStream : public Stream {
 public:
  // Binds the stream to `loop` and waits for the request; TLS, if it has any, comes before.
  virtual void open(Loop& loop, WebSocketEvents& events) = 0;
  // Null if there is nothing to tell.
  [[nodiscard]] virtual const WebSocketVisitor* visitor() const = 0;
  // After read() came to an end or an error: the peer still listens.
  [[nodiscard]] virtual bool owes_close() const = 0;
  // After an error of read(): what the peer did wrong; "" = the connection broke.
  [[nodiscard]] virtual std::string_view fault() const = 0;
  // What shutdown_write() says, unless the peer's goodbye or fault has an answer of its own.
  virtual void set_goodbye(std::uint16_t status, std::string_view text) = 0;
};

}  // namespace midge::io
