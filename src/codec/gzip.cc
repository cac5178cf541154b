#include "codec/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace midge::codec {

std::string write_gzip(std::string_view bytes) {
  constexpr int kWithGzipHeader = 16;
  z_stream stream{};
  const int ready =
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kWithGzipHeader,
                   MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY);
  ENSURE(ready == Z_OK, "zlib has memory");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int done = deflate(&stream, Z_FINISH);
  ENSURE(done == Z_STREAM_END, "deflateBound() is a bound");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace midge::codec
