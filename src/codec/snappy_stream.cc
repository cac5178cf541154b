#include "codec/snappy_stream.h"

#include <snappy.h>

#include "codec/crc32c.h"

namespace midge::codec {
namespace {

constexpr std::string_view kBegin("\xff\x06\x00\x00sNaPpY", 10);
constexpr std::size_t kChunkMax = 64 * 1024;
constexpr char kCompressed = 0x00, kPlain = 0x01;

void put(std::string& to, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

}  // namespace

std::string write_snappy_stream(std::string_view bytes) {
  std::string stream(kBegin);
  std::string block;
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kChunkMax);
    bytes.remove_prefix(chunk.size());
    snappy::Compress(chunk.data(), chunk.size(), &block);
    const bool pays = block.size() < chunk.size();
    const std::string_view content = pays ? std::string_view(block) : chunk;
    stream += pays ? kCompressed : kPlain;
    put(stream, content.size() + 4, 3);
    put(stream, masked_crc32c(chunk), 4);
    stream += content;
  }
  return stream;
}

}  // namespace midge::codec
