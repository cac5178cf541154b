// An in-process connection: a pair of in-memory pipes. One end is a Stream of a loop (the
// server's); the other is usable from any thread, blocking or not, as the simulator's clients do,
// or a Stream of another loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "io/stream.h"

namespace midge::io {

// The user's end. Thread: any; one reader and one writer at a time. Destruction closes it: the
// server's end then reads the end.
class PipeClient {
 public:
  virtual ~PipeClient() = default;
  // Blocks until there is something; 0 = the server closed. Never called under the simulator.
  virtual std::size_t read(std::span<char> into) = 0;
  // Blocks while the pipe is full; false = the server closed. Never called under the simulator.
  virtual bool write(std::string_view bytes) = 0;

  // Do not block: bytes moved, kWouldBlock, or kEnd.
  virtual IoCount try_read(std::span<char> into) = 0;
  virtual IoCount try_write(std::string_view bytes) = 0;
  virtual void close() = 0;
};

struct PipePair {
  std::unique_ptr<Stream> server_end;  // not yet attached
  std::unique_ptr<PipeClient> client_end;
};

// `capacity` bytes are held per direction.
PipePair make_pipe(std::size_t capacity = 1 << 20);

// The same with two ends for loops, of one environment or of two.
struct StreamPair {
  std::unique_ptr<Stream> server_end, client_end;  // not yet attached
};

StreamPair make_stream_pair(std::size_t capacity = 1 << 20);

}  // namespace midge::io
