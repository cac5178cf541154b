// Goal: both alphabets, and exactly the texts that Go's decoders take.
// Method: the RFC's vectors, then a table of texts with Go's verdict on each.
#include "codec/base64.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("base64: the vectors of RFC 4648") {
  const struct {
    const char* bytes;
    const char* text;
  } rows[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"}};
  for (const auto& row : rows) {
    CHECK(encode_base64(Base64::kStd, row.bytes) == row.text);
    CHECK(decode_base64(Base64::kStd, row.text) == row.bytes);
    std::string raw = row.text;
    while (raw.ends_with('=')) raw.pop_back();
    CHECK(encode_base64(Base64::kRawUrl, row.bytes) == raw);
    CHECK(decode_base64(Base64::kRawUrl, raw) == row.bytes);
  }
}

TEST_CASE("base64: every byte survives, and the alphabets differ in two letters") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const Base64 alphabet : {Base64::kStd, Base64::kRawUrl})
    for (std::size_t size = 0; size <= all.size(); ++size) {
      const std::string bytes = all.substr(all.size() - size);
      CHECK(decode_base64(alphabet, encode_base64(alphabet, bytes)) == bytes);
    }
  CHECK(encode_base64(Base64::kStd, "\xfb\xff") == "+/8=");
  CHECK(encode_base64(Base64::kRawUrl, "\xfb\xff") == "-_8");
}

TEST_CASE("base64: what Go refuses") {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm=v", "Zg==Zg==", "Zm9-", "Zm9v ", "Zm9\x80"})
    CHECK_MESSAGE(!decode_base64(Base64::kStd, text), text);
  for (const char* text : {"Z", "Zg==", "Zm9+", "Zm9/", "Zm 9", "Zm9vY="})
    CHECK_MESSAGE(!decode_base64(Base64::kRawUrl, text), text);
}

TEST_CASE("base64: line ends are skipped, spare bits only when strict are looked at") {
  CHECK(decode_base64(Base64::kStd, "Zm\r\n9v\nYg=\n=") == "foob");
  CHECK(decode_base64(Base64::kRawUrl, "\nZm9v\r") == "foo");
  CHECK(decode_base64(Base64::kRawUrl, "Zh") == "f");
  CHECK(!decode_base64(Base64::kRawUrl, "Zh", SpareBits::kMustBeZero));
  CHECK(decode_base64(Base64::kRawUrl, "Zg", SpareBits::kMustBeZero) == "f");
}

}  // namespace
}  // namespace midge::codec
