// Goal: keys and signatures are those of the official nkeys package.
// Method: that package's output for one seed, and texts damaged in every letter.
#include "crypto/nkey.h"

#include <doctest/doctest.h>

#include "crypto/base32.h"
#include "crypto/sha256.h"

namespace midge::crypto {
namespace {

std::array<unsigned char, 32> entropy() {
  std::array<unsigned char, 32> bytes;
  for (unsigned at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<unsigned char>(at * 7 + 1);
  return bytes;
}

const struct {
  NkeyKind kind;
  const char* seed;
  const char* public_key;
} kKeys[] = {
    {NkeyKind::kServer, "SNAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWQ6KM",
     "NDSAGCMYZ7K22FZDYFU7SVVKBOPLQYM3LGJL2YJMFL2CR26HT6G7A7QP"},
    {NkeyKind::kUser, "SUAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWVCJA",
     "UDSAGCMYZ7K22FZDYFU7SVVKBOPLQYM3LGJL2YJMFL2CR26HT6G7AGME"},
    {NkeyKind::kAccount, "SAAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWSRQQ",
     "ADSAGCMYZ7K22FZDYFU7SVVKBOPLQYM3LGJL2YJMFL2CR26HT6G7BC73"},
    {NkeyKind::kOperator, "SOAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWQ56Y",
     "ODSAGCMYZ7K22FZDYFU7SVVKBOPLQYM3LGJL2YJMFL2CR26HT6G7BUT5"},
    {NkeyKind::kCluster, "SCAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWSTII",
     "CDSAGCMYZ7K22FZDYFU7SVVKBOPLQYM3LGJL2YJMFL2CR26HT6G7AQ5H"},
    {NkeyKind::kCurve, "SXAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWVB5U",
     "XDEP5SUBXYMWZXZMVXVL6E6ESA6XMMW44SKVVJULNZOZVXXVJYTBN7FU"},
};

constexpr const char* kSignatureOfHello =
    "a3430f0e9d38300b4302bbb7316f85aa7fdd02e307ba8f4affc0375103b68cfa"
    "46a3ba68ba5a9340134539c69c1a74c154c899ff0cd0dfe677cc3817a217db07";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    text += "0123456789abcdef"[byte & 0xF];
  }
  return text;
}

}  // namespace

TEST_CASE("pairs made from given entropy") {
  for (const auto& one : kKeys) {
    const NkeyPair pair = make_nkey(one.kind, entropy());
    CHECK(pair.seed == one.seed);
    CHECK(pair.public_key == one.public_key);
  }
}

TEST_CASE("a public key is recognised by kind, and by nothing that is damaged") {
  for (const auto& one : kKeys) {
    for (const auto& other : kKeys)
      CHECK(is_public_nkey(one.kind, other.public_key) == (one.kind == other.kind));
    CHECK_FALSE(is_public_nkey(one.kind, one.seed));
    for (std::size_t at = 0; at < 56; ++at) {
      std::string damaged = one.public_key;
      damaged[at] = damaged[at] == 'Q' ? 'R' : 'Q';
      CHECK_FALSE(is_public_nkey(one.kind, damaged));
      damaged[at] = '1';
      CHECK_FALSE(is_public_nkey(one.kind, damaged));
    }
    CHECK_FALSE(is_public_nkey(one.kind, std::string(one.public_key) + "A"));
    CHECK_FALSE(is_public_nkey(one.kind, ""));
  }
}

TEST_CASE("signatures") {
  for (const auto& one : kKeys) {
    const Result<std::string> signature = sign(one.seed, "hello");
    if (one.kind == NkeyKind::kCurve) {
      CHECK_FALSE(signature);
      CHECK_FALSE(verify(one.public_key, "hello", std::string(64, 'x')));
      continue;
    }
    REQUIRE(signature);
    CHECK(hex(*signature) == kSignatureOfHello);
    CHECK(verify(one.public_key, "hello", *signature).value());
    CHECK_FALSE(verify(one.public_key, "hellO", *signature).value());
    CHECK_FALSE(verify(one.public_key, "hello", signature->substr(1)).value());
    std::string damaged = *signature;
    damaged[40] ^= 1;
    CHECK_FALSE(verify(one.public_key, "hello", damaged).value());
    CHECK_FALSE(verify(one.seed, "hello", *signature));
    CHECK_FALSE(verify("UDSAGC", "hello", *signature));
    CHECK_FALSE(sign(one.public_key, "hello"));
    CHECK_FALSE(sign("", "hello"));
    std::string bad_seed = one.seed;
    bad_seed[10] = bad_seed[10] == 'A' ? 'B' : 'A';
    CHECK_FALSE(sign(bad_seed, "hello"));
  }
}

TEST_CASE("base32") {
  const struct {
    const char *bytes, *text;
  } table[] = {{"", ""},
               {"f", "MY"},
               {"fo", "MZXQ"},
               {"foo", "MZXW6"},
               {"foob", "MZXW6YQ"},
               {"fooba", "MZXW6YTB"},
               {"foobar", "MZXW6YTBOI"}};
  for (const auto& one : table) {
    CHECK(encode_base32(one.bytes) == one.text);
    CHECK(decode_base32(one.text).value() == one.bytes);
  }
  for (const char* text : {"mzxq", "MZ=", "MZ1", "MZ0", "M Z"}) CHECK_FALSE(decode_base32(text));
}

TEST_CASE("SHA-256") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(std::string(1000, '\0')) ==
        "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53");
}

}  // namespace midge::crypto
