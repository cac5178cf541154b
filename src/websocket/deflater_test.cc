// Whatever goes in comes out of zlib again, byte for byte: texts, noise, what recurs near and far,
// all sizes around limits; and it is not clearly larger than what zlib makes of it.
#include "websocket/deflater.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::websocket {
namespace {

constexpr std::string_view kTail{"\x00\x00\xFF\xFF", 4};

class Numbers {
 public:
  std::size_t below(std::size_t end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(state_ >> 33) % end;
  }

 private:
  std::uint64_t state_ = 5;
};

// In slices of uneven sizes, some of them empty.
std::string compressed(Deflater& deflater, const std::string& text) {
  std::vector<io::Slice> slices{{text.data(), 0}};
  for (std::size_t at = 0, part = 1; at < text.size(); part = part * 3 + 1) {
    const std::size_t size = std::min(part, text.size() - at);
    slices.push_back({text.data() + at, size});
    at += size;
  }
  return std::string(deflater.compress(slices, text.size()));
}

std::string inflated_by_zlib(std::string message) {
  message += kTail;
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
  std::string out(2 * Deflater::kInputMax, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(message.data());
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(inflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  REQUIRE(stream.avail_in == 0);
  out.resize(out.size() - stream.avail_out);
  inflateEnd(&stream);
  return out;
}

std::size_t size_by_zlib(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
          Z_OK);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  const std::size_t size = out.size() - stream.avail_out - kTail.size();
  deflateEnd(&stream);
  return size;
}

void check_round_trip(Deflater& deflater, const std::string& text) {
  const std::string message = compressed(deflater, text);
  if (message.empty()) return;
  CHECK(message.size() < text.size());
  REQUIRE(inflated_by_zlib(message) == text);
}

// So many bytes, each one of `letters`; then, some of it again from anywhere before.
std::string random_text(Numbers& numbers, std::size_t size, std::size_t letters, bool recurs) {
  std::string text;
  while (text.size() < size) {
    if (recurs && !text.empty() && numbers.below(3) == 0) {
      const std::size_t from = numbers.below(text.size());
      for (std::size_t i = 0, count = numbers.below(400); i < count; ++i) text += text[from + i];
      continue;
    }
    for (std::size_t i = 0, count = numbers.below(30); i < count; ++i)
      text += static_cast<char>(numbers.below(letters));
  }
  text.resize(size);
  return text;
}

std::string order(Numbers& numbers) {
  std::string text = R"({"id":"ord_)" + std::to_string(numbers.below(1'000'000'000)) +
                     R"(","customer":{"name":"Ada","email":"ada@example.com"},"items":[)";
  for (std::size_t i = 0, count = 1 + numbers.below(5); i < count; ++i)
    text += R"({"sku":"SKU-)" + std::to_string(numbers.below(100'000)) + R"(","qty":)" +
            std::to_string(numbers.below(9)) + R"(,"price":)" +
            std::to_string(numbers.below(10000)) + "},";
  return text + R"(],"status":"delivered"})";
}

TEST_CASE("random texts of all sizes") {
  Deflater deflater;
  Numbers numbers;
  for (int i = 0; i < 4000; ++i) {
    const std::size_t size = numbers.below(numbers.below(4) == 0 ? Deflater::kInputMax : 600);
    const std::size_t letters = std::array{2U, 10U, 64U, 256U}[numbers.below(4)];
    check_round_trip(deflater, random_text(numbers, size, letters, numbers.below(3) != 0));
  }
}

TEST_CASE("sizes around limits") {
  Deflater deflater;
  Numbers numbers;
  for (std::size_t size = 0; size < 300; ++size) {
    check_round_trip(deflater, std::string(size, 'x'));
    check_round_trip(deflater, random_text(numbers, size, 4, false));
  }
  for (const std::size_t limit : {512UL, 1024UL, 2048UL, 4096UL, Deflater::kInputMax - 2}) {
    for (std::size_t size = limit - 2; size <= limit + 2; ++size) {
      check_round_trip(deflater, std::string(size, '\0'));
      check_round_trip(deflater, random_text(numbers, size, 16, true));
    }
  }
}

TEST_CASE("each length at each distance that has a symbol of its own") {
  Deflater deflater;
  Numbers numbers;
  const std::string noise = random_text(numbers, Deflater::kInputMax, 256, false);
  for (std::size_t length = 4; length <= 300; ++length)
    check_round_trip(deflater, noise.substr(0, 700) + noise.substr(100, length) + "!");
  for (std::size_t distance = 1; distance < Deflater::kInputMax - 300; distance += 1 + distance / 7)
    check_round_trip(deflater, noise.substr(0, distance) + noise.substr(0, 200));
}

TEST_CASE("noise is left as it is") {
  Deflater deflater;
  Numbers numbers;
  for (const std::size_t size : {65U, 200U, 1000U, 16384U})
    CHECK(compressed(deflater, random_text(numbers, size, 256, false)).empty());
}

TEST_CASE("what is made of a message does not depend on earlier ones") {
  Deflater fresh, used;
  Numbers numbers;
  for (int i = 0; i < 200; ++i)
    (void)compressed(used, random_text(numbers, numbers.below(5000), 20, true));
  for (int i = 0; i < 100; ++i) {
    const std::string text = order(numbers);
    Deflater other;
    CHECK(compressed(used, text) == compressed(other, text));
  }
}

TEST_CASE("as small as zlib's, about, wherever there are some orders") {
  Deflater deflater;
  Numbers numbers;
  for (const std::size_t orders : {1U, 3U, 10U, 40U}) {
    std::size_t ours = 0, theirs = 0;
    for (int i = 0; i < 50; ++i) {
      std::string text;
      for (std::size_t k = 0; k < orders; ++k) text += order(numbers);
      text.resize(std::min(text.size(), Deflater::kInputMax));
      ours += compressed(deflater, text).size();
      theirs += size_by_zlib(text);
    }
    CAPTURE(orders);
    CAPTURE(ours);
    CAPTURE(theirs);
    CHECK(ours < theirs + theirs / 14);
  }
}

}  // namespace
}  // namespace midge::websocket
