// Goal: stacks with the same addresses are one sample; addresses are found in their files. Method:
// the profile's parts, as protobuf has them, are looked for in what is unpacked.
#include "server/system/pprof.h"

#include <doctest/doctest.h>
#include <zlib.h>

namespace midge::server {
namespace {

std::string unpacked(const std::string& packed) {
  std::string text(64 << 10, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 31) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("pprof: samples, locations, functions") {
  const Pprof pprof{.type = "samples",
                    .unit = "count",
                    .period = Duration{10},
                    .start = WallTime{5},
                    .took = Duration{7},
                    .samples = {{{16, 32}, 1}, {{16, 32}, 2}, {{48}, 1}}};
  const CodeNames names{{{16, 40, 0, "/bin/x"}}, addresses_of(pprof.samples), {"f()", "g()", ""}};
  CHECK(names.addresses == std::vector<std::uint64_t>{16, 32, 48});
  const std::string text = unpacked(write_pprof(pprof, names));
  for (const char* word : {"samples", "count", "cpu", "nanoseconds", "/bin/x", "f()", "g()"})
    CHECK_MESSAGE(has(text, word), word);
  // Sample: locations 1 and 2, seen twice, 20 ns. And location 3, once.
  CHECK(has(text, std::string_view("\x12\x08\x0a\x02\x01\x02\x12\x02\x02\x14", 10)));
  CHECK(has(text, std::string_view("\x12\x07\x0a\x01\x03\x12\x02\x01\x0a", 9)));
  // Location 3 at 48, in no file, without a function.
  CHECK(has(text, std::string_view("\x22\x04\x08\x03\x18\x30", 6)));
  // When it was made, and for how long.
  CHECK(has(text, std::string_view("\x48\x05\x50\x07", 4)));
}

}  // namespace
}  // namespace midge::server
