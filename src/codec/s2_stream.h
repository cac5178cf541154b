// Streams of S2, Snappy's successor, as nats-server writes them: reading all of the format, and
// writing what every reader takes.
//
//   chunk: type (1 byte), length of the rest (3, little endian), rest
//   0xff  "S2sTwO" or "sNaPpY": begins a stream
//   0x00  checksum (4), compressed block      0x01  checksum (4), plain bytes
//   0x80 and above: to be skipped             else: unknown
//
// The checksum is CRC-32C of the plain bytes, turned and shifted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace midge::codec {

// Without compression.
std::string write_s2_stream(std::string_view bytes);

// Errors: malformed, damaged, or more than `size_max` bytes.
Result<std::string> read_s2_stream(std::string_view stream, std::size_t size_max);

// A stream that comes in pieces, read in steps: neither its bytes nor what they unfold to need be
// in memory as a whole.
class S2Reader {
 public:
  void feed(std::string_view bytes) { waiting_.append(bytes); }
  // Appends the next chunk's plain bytes. False: more must be fed. Errors (texts as nats-server's):
  // malformed or damaged; kTooLarge: there are more than `room` bytes. After an error it is of no
  // use.
  Result<bool> next(std::string& plain, std::size_t room = kBlockMax);
  // Bytes fed that were not used.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size() - begin_; }
  // Between two chunks, with nothing left over.
  [[nodiscard]] bool is_at_end() const { return waiting() == 0 && to_skip_ == 0; }

  static constexpr std::size_t kBlockMax = 4 << 20;  // of plain bytes, in one chunk

 private:
  std::string waiting_;
  std::size_t begin_ = 0;  // of what is not used
  std::size_t to_skip_ = 0;
  bool begun_ = false;
};

// Compresses as it is fed; the stream is what finish() and all take()s before gave, in order.
class S2Writer {
 public:
  S2Writer();
  void write(std::string_view bytes);
  // What of the stream is there.
  std::string take() { return std::exchange(stream_, {}); }
  // Nothing is written any more.
  void finish();

 private:
  void write_chunk(std::string_view plain);
  std::string stream_;
  std::string waiting_;  // plain, less than a chunk
  std::string block_;
};

}  // namespace midge::codec
