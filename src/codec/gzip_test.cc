// Goal: what is written is gzip's format.
// Method: read back by zlib.
#include "codec/gzip.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

namespace midge::codec {
namespace {

std::string read_back(const std::string& packed, std::size_t size) {
  z_stream stream{};
  constexpr int kGzipOnly = 16;
  REQUIRE(inflateInit2(&stream, MAX_WBITS + kGzipOnly) == Z_OK);
  std::string plain(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

TEST_CASE("texts come back, smaller on the way") {
  std::string large;
  for (int i = 0; large.size() < 200'000; ++i) large += std::to_string(i * 7919) + ",";
  for (const std::string& text : {std::string(), std::string("a"), large}) {
    const std::string packed = write_gzip(text);
    CHECK(read_back(packed, text.size()) == text);
    if (text.size() > 100) CHECK(packed.size() < text.size());
  }
}

}  // namespace
}  // namespace midge::codec
