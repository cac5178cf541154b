// SHA-256 of the standard's examples (FIPS 180-2), whole and in pieces.
#include "crypto/sha256.h"

#include <doctest/doctest.h>

namespace midge::crypto {
namespace {

std::string hex_of(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char letter : bytes) {
    const auto byte = static_cast<unsigned char>(letter);
    text += {kHex[byte >> 4], kHex[byte & 0xF]};
  }
  return text;
}

TEST_CASE("digests are the standard's, in whatever pieces the bytes come") {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  const std::string digest = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
  CHECK(sha256_hex(text) == digest);
  for (const std::size_t piece : {1U, 7U, 56U}) {
    Sha256 sum;
    for (std::size_t at = 0; at < text.size(); at += piece) sum.add(text.substr(at, piece));
    CHECK(hex_of(sum.digest()) == digest);
  }
  CHECK(hex_of(Sha256().digest()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace midge::crypto
