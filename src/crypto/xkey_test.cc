// Goal: [AUTH-52] boxes are those of the official package, and none opens that is not whole.
// Method: a box that libsodium's Python made, opened and made again, and damaged in every byte.
#include "crypto/xkey.h"

#include <doctest/doctest.h>

#include "crypto/nkey.h"

namespace midge::crypto {
namespace {

constexpr const char* kSeed = "SXAACCAPCYOSIKZSHFAEOTSVLRRWU4LYP6DI3FE3UKU3BN56YXGNHWVB5U";
constexpr const char* kPublic = "XDEP5SUBXYMWZXZMVXVL6E6ESA6XMMW44SKVVJULNZOZVXXVJYTBN7FU";
constexpr const char* kOtherSeed = "SXAAGCANCILRYIJGFMYDKOR7IREU4U2YLVRGO3DROZ5YBBMKR6KJTHTDUY";
constexpr const char* kOtherPublic = "XCYAOF4V4PW4YTERU5HDHBLHQ4RU24X5GYS5GWEFSZ5Q4G6GFVYGTVW2";
// "hello", with the nonce 0, 1, 2, …
constexpr const char* kBox =
    "786b7631000102030405060708090a0b0c0d0e0f1011121314151617"
    "319642c908678778ad5cb52dd8a0c3320dd5c13f1f";

std::string from_hex(std::string_view digits) {
  std::string bytes;
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  for (std::size_t at = 0; at < digits.size(); at += 2)
    bytes += static_cast<char>(value(digits[at]) << 4 | value(digits[at + 1]));
  return bytes;
}

BoxNonce counting() {
  BoxNonce nonce;
  for (std::size_t at = 0; at < nonce.size(); ++at) nonce[at] = static_cast<unsigned char>(at);
  return nonce;
}

}  // namespace

TEST_CASE("a box is made and opened as others do") {
  CHECK(*seal_box("hello", kSeed, kOtherPublic, counting()) == from_hex(kBox));
  CHECK(*open_box(from_hex(kBox), kOtherSeed, kPublic) == "hello");
  CHECK(*open_box(*seal_box("", kSeed, kOtherPublic, counting()), kOtherSeed, kPublic) == "");
}

TEST_CASE("what is not whole does not open") {
  const std::string box = from_hex(kBox);
  for (std::size_t at = 0; at < box.size(); ++at) {
    std::string damaged = box;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK_FALSE(open_box(damaged, kOtherSeed, kPublic));
    CHECK_FALSE(open_box(box.substr(0, at), kOtherSeed, kPublic));
  }
  CHECK(open_box("xkv1", kOtherSeed, kPublic).error().text() ==
        "nkeys: encrypted input is not valid");
  CHECK(open_box("xkv2" + box.substr(4), kOtherSeed, kPublic).error().text() ==
        "nkeys: encrypted input wrong version");
  CHECK(open_box(box, kSeed, kPublic).error().text() == "nkeys: could not decrypt input");
}

TEST_CASE("keys of other kinds are refused") {
  std::array<unsigned char, 32> entropy{};
  const NkeyPair user = make_nkey(NkeyKind::kUser, entropy);
  CHECK_FALSE(seal_box("x", user.seed, kPublic, counting()));
  CHECK_FALSE(seal_box("x", kSeed, user.public_key, counting()));
  CHECK_FALSE(open_box(from_hex(kBox), user.seed, kPublic));
  CHECK_FALSE(open_box(from_hex(kBox), kOtherSeed, user.public_key));
  CHECK_FALSE(seal_box("x", "", "", counting()));
}

}  // namespace midge::crypto
