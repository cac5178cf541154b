// Goal: what is written is Snappy's framing format.
// Method: read back by Snappy itself, chunk by chunk.
#include "codec/snappy_stream.h"

#include <doctest/doctest.h>
#include <snappy.h>

#include <string>

#include "codec/crc32c.h"

namespace midge::codec {
namespace {

constexpr std::string_view kBegin("\xff\x06\x00\x00sNaPpY", 10);

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string read_back(std::string_view stream) {
  REQUIRE(stream.starts_with(kBegin));
  stream.remove_prefix(kBegin.size());
  std::string plain;
  while (!stream.empty()) {
    const std::size_t size = number(stream.substr(1, 3));
    const std::string_view content = stream.substr(8, size - 4);
    std::string bytes(content);
    if (stream[0] == 0) REQUIRE(snappy::Uncompress(content.data(), content.size(), &bytes));
    CHECK(bytes.size() <= 65536);
    CHECK(masked_crc32c(bytes) == number(stream.substr(4, 4)));
    plain += bytes;
    stream.remove_prefix(4 + size);
  }
  return plain;
}

TEST_CASE("the checksum is CRC-32C") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("") == 0);
}

TEST_CASE("texts come back") {
  CHECK(write_snappy_stream("") == kBegin);
  CHECK(write_snappy_stream("ab").substr(10, 4) == std::string_view("\x01\x06\x00\x00", 4));
  std::string large;
  for (int i = 0; large.size() < 200'000; ++i) large += std::to_string(i * 7919) + ",";
  for (const std::string& text : {std::string("a"), std::string(1000, 'x'), large}) {
    const std::string stream = write_snappy_stream(text);
    CHECK(read_back(stream) == text);
    if (text.size() > 100) CHECK(stream.size() < text.size());
  }
}

}  // namespace
}  // namespace midge::codec
