// Goal: S2 streams are read as nats-server writes them, damaged ones are refused. Method: what
// is written comes back; a stream of nats-server's; blocks made by hand; every cut and flip.
#include "codec/s2_stream.h"

#include <doctest/doctest.h>

#include "codec/base64.h"

namespace midge::codec {
namespace {

constexpr std::size_t kMax = 1 << 20;

// An OCSP answer as nats-server 2.15.2 kept it.
constexpr std::string_view kOfThePeer =
    "/wYAAFMyc1R3TwAXAgAZGplX/QTwiDCCAnkKAQCgggJyMIICbgYJKwYBBQUHMAEBBIICXzCCAlswgYihDjAMMQow"
    "CAYDVQQDDAFBGA8yMDI2MTEzMDA0MTYzOVowZTBjMDswCQYFKw4DAhoFAAQU/OhJwpUj5+y8RDQC/Bhxwo/pA1EE"
    "FOctxDjZ/374llADwRB+89y3h1szAgIQAYAAQlQABKARHWcANQkA8H8KBggqhkjOPQQDAgNIADBFAiEAx0z3M3Is"
    "rXH2cQaAEFuTkMnjhQQaroze4W4gmtwxCosCIEcOU0OEcpGMd+rxiaJxaaa360p/ZexAmhqbSmnmBQ27oIIBdjCC"
    "AXIwggFuMIIBE6ADAgECAhRbfcgGYRW/IiGmgCtvZcKc/ei9Sy6BADYTAQwwHhcNPRMkN1oXDTM2MTEyNyUiBDda"
    "Oi4AEFkwEwYHBUoEAgEN1PBTAwEHA0IABHwvTvIjI3aYE6vPchFXoHqskpf/YV+/fcn3ZrQ4TwMElYuYiRej5L50"
    "B8pH65noa3AuiU0nZEq8uz2o0/baElGjUzBRMB0GA1UdDgQWVnEBLDAfBgNVHSMEGDAWgFYhAAAPASEwEwEB/wQF"
    "MAMBAf8wCg2lIXnwSUkAMEYCIQCloZg8W+KSle7MWTGSxXYeU5S6fdi7Di5pSaz3JNE1rwIhAIO2ENbNUNuv+kPz"
    "xF5fv/WafjkxkY7ZkUzz/z3Y+1G3";

// The checksum is that of `plain`, taken from how it is written.
std::string compressed(std::string_view plain, std::string_view block) {
  const std::string written = write_s2_stream(plain);
  std::string stream = written.substr(0, 10);
  stream += '\0';
  stream += static_cast<char>(block.size() + 4);
  stream += std::string(2, '\0');
  stream += written.substr(14, 4);
  stream += block;
  return stream;
}

TEST_CASE("what is written comes back") {
  for (const std::size_t size : {0U, 1U, 100U, 65536U, 65537U, 200000U}) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * i >> 3);
    CHECK(read_s2_stream(write_s2_stream(bytes), kMax) == bytes);
    if (size > 0) CHECK(!read_s2_stream(write_s2_stream(bytes), size - 1));
  }
}

TEST_CASE("what nats-server wrote is read") {
  const std::string packed = decode_base64(Base64::kStd, kOfThePeer).value();
  const auto plain = read_s2_stream(packed, kMax);
  REQUIRE(plain);
  CHECK(plain->size() == 637);
  CHECK(plain->starts_with("\x30\x82\x02\x79"));  // all of it is one DER element
  CHECK(plain->find("20261130041639Z") != std::string::npos);
  CHECK(!read_s2_stream(packed, plain->size() - 1));
}

TEST_CASE("literals, copies and repeats") {
  using namespace std::string_view_literals;
  CHECK(*read_s2_stream(compressed("abc",
                                   "\x03\x08"
                                   "abc"sv),
                        kMax) == "abc");
  // A literal of 4, then a copy of 4 from 4 before, with an offset of one and of two bytes.
  CHECK(*read_s2_stream(compressed("abcdabcd",
                                   "\x08\x0c"
                                   "abcd\x01\x04"sv),
                        kMax) == "abcdabcd");
  CHECK(*read_s2_stream(compressed("abcdabcd",
                                   "\x08\x0c"
                                   "abcd\x0e\x04\x00"sv),
                        kMax) == "abcdabcd");
  // One that overlaps what it makes.
  CHECK(*read_s2_stream(compressed("aaaaaaaa",
                                   "\x08\x00"
                                   "a\x0d\x01"sv),
                        kMax) == "aaaaaaaa");
  // S2's own: the offset before once more, with a length in the tag, and in one byte behind it.
  CHECK(*read_s2_stream(compressed("ababababab",
                                   "\x0a\x04"
                                   "ab\x01\x02\x01\x00"sv),
                        kMax) == "ababababab");
  CHECK(*read_s2_stream(compressed("abababababababab",
                                   "\x10\x04"
                                   "ab\x01\x02\x15\x00\x02"sv),
                        kMax) == "abababababababab");
  // Beyond the beginning, beyond the announced size, and a repeat of nothing.
  CHECK(!read_s2_stream(compressed("abcdabcd",
                                   "\x08\x0c"
                                   "abcd\x01\x05"sv),
                        kMax));
  CHECK(!read_s2_stream(compressed("abcdabcd",
                                   "\x07\x0c"
                                   "abcd\x01\x04"sv),
                        kMax));
  CHECK(!read_s2_stream(compressed("aaaaa",
                                   "\x05\x00"
                                   "a\x01\x00"sv),
                        kMax));
  CHECK(!read_s2_stream(compressed("abc",
                                   "\xff\xff\xff\xff\x0f\x08"
                                   "abc"sv),
                        kMax));
}

TEST_CASE("a stream that is cut or flipped anywhere is refused") {
  const std::string good = write_s2_stream("some bytes, and more of them");
  for (std::size_t size = 1; size < good.size(); ++size) {
    if (size == 10) continue;  // an empty stream
    CHECK(!read_s2_stream(std::string_view(good).substr(0, size), kMax));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    CHECK(!read_s2_stream(bad, kMax));
  }
}

}  // namespace
}  // namespace midge::codec
