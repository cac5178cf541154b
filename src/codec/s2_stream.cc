#include "codec/s2_stream.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "codec/crc32c.h"
#include "codec/s2_block.h"

namespace midge::codec {
namespace {

constexpr std::string_view kBegin("\xff\x06\x00\x00S2sTwO", 10);
constexpr std::size_t kHead = 4;  // of a chunk
constexpr std::size_t kChecksum = 4;
constexpr std::size_t kChunkMax = 64 * 1024;  // of plain bytes, in what is written
// A chunk's content that may have to be in memory: a block that did not get smaller.
constexpr std::size_t kContentMax = S2Reader::kBlockMax + S2Reader::kBlockMax / 6 + 64;
constexpr unsigned char kCompressed = 0x00, kPlain = 0x01, kSkippable = 0x80, kStreamId = 0xff;

void put(std::string& to, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void put_chunk(std::string& to, unsigned char type, std::string_view plain,
               std::string_view content) {
  to += static_cast<char>(type);
  put(to, content.size() + kChecksum, 3);
  put(to, masked_crc32c(plain), kChecksum);
  to += content;
}

std::unexpected<Error> corrupt() { return failure("s2: corrupt input", ErrorCode::kInvalid); }

Result<void> read_chunk(unsigned char type, std::string_view content, std::size_t room,
                        std::string& plain) {
  if (content.size() < kChecksum) return corrupt();
  const std::string_view bytes = content.substr(kChecksum);
  const std::size_t before = plain.size();
  if (type == kPlain) {
    if (bytes.size() > room) return failure("s2: decoded block is too large", ErrorCode::kTooLarge);
    plain += bytes;
  } else if (!read_s2_block(bytes, room, plain)) {
    return corrupt();
  }
  if (masked_crc32c(std::string_view(plain).substr(before)) != number(content.substr(0, kChecksum)))
    return failure("s2: corrupt input, crc mismatch", ErrorCode::kInvalid);
  return {};
}

}  // namespace

std::string write_s2_stream(std::string_view bytes) {
  std::string stream(kBegin);
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kChunkMax);
    bytes.remove_prefix(chunk.size());
    put_chunk(stream, kPlain, chunk, chunk);
  }
  return stream;
}

Result<std::string> read_s2_stream(std::string_view stream, std::size_t size_max) {
  S2Reader reader;
  reader.feed(stream);
  std::string plain;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader.next(plain, size_max - plain.size()));
    if (more) continue;
    if (!reader.is_at_end()) return corrupt();
    return plain;
  }
}

Result<bool> S2Reader::next(std::string& plain, std::size_t room) {
  while (true) {
    const std::size_t skipped = std::min(to_skip_, waiting());
    to_skip_ -= skipped;
    begin_ += skipped;
    const std::string_view input = std::string_view(waiting_).substr(begin_);
    if (input.size() >= kHead) {
      const auto type = static_cast<unsigned char>(input.front());
      const std::size_t size = number(input.substr(1, 3));
      const bool is_data = type == kCompressed || type == kPlain;
      // What does not begin as a stream is refused at once, not when all of it is there.
      if (!begun_ && type != kStreamId) return corrupt();
      if (type == kStreamId ? size != kBegin.size() - kHead : is_data && size > kContentMax)
        return corrupt();
      if (!is_data && type < kSkippable)
        return failure("s2: unsupported input", ErrorCode::kInvalid);
      if (!is_data && type != kStreamId) {
        begin_ += kHead;
        to_skip_ = size;
        continue;
      }
      if (input.size() >= kHead + size) {
        const std::string_view content = input.substr(kHead, size);
        begin_ += kHead + size;
        if (is_data) {
          TRY(read_chunk(type, content, std::min(room, kBlockMax), plain));
          return true;
        }
        if (content != "S2sTwO" && content != "sNaPpY") return corrupt();
        begun_ = true;
        continue;
      }
    }
    waiting_.erase(0, begin_);
    begin_ = 0;
    return false;
  }
}

S2Writer::S2Writer() : stream_(kBegin) {}

void S2Writer::write(std::string_view bytes) {
  if (!waiting_.empty()) {
    const std::string_view rest = bytes.substr(0, kChunkMax - waiting_.size());
    waiting_ += rest;
    bytes.remove_prefix(rest.size());
    if (waiting_.size() < kChunkMax) return;
    write_chunk(waiting_);
    waiting_.clear();
  }
  while (bytes.size() >= kChunkMax) {
    write_chunk(bytes.substr(0, kChunkMax));
    bytes.remove_prefix(kChunkMax);
  }
  waiting_ += bytes;
}

void S2Writer::finish() {
  if (!waiting_.empty()) write_chunk(waiting_);
  waiting_.clear();
}

void S2Writer::write_chunk(std::string_view plain) {
  write_s2_block(plain, block_);
  const bool pays = block_.size() < plain.size();
  put_chunk(stream_, pays ? kCompressed : kPlain, plain, pays ? std::string_view(block_) : plain);
}

}  // namespace midge::codec
