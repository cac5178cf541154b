// Goal: streams in pieces come back whole, what is written is read by Snappy too, and no input,
// however bad, makes the reader take more memory than it says. Method: random cuts; random bytes
// and flips under a bound.
#include <doctest/doctest.h>
#include <snappy.h>

#include <random>
#include <string>

#include "codec/s2_block.h"
#include "codec/s2_stream.h"

namespace midge::codec {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i * 7919 % 1013) + ",";
  text.resize(size);
  return text;
}

// Its plain bytes, or what was wrong.
Result<std::string> read_in_pieces(std::string_view stream, std::mt19937& random) {
  S2Reader reader;
  std::string plain;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader.next(plain));
    if (more) continue;
    if (stream.empty()) break;
    const std::string_view piece = stream.substr(0, 1 + random() % 5000);
    reader.feed(piece);
    stream.remove_prefix(piece.size());
  }
  if (!reader.is_at_end()) return failure("cut");
  return plain;
}

TEST_CASE("what is written in pieces comes back in pieces") {
  std::mt19937 random(1);
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 400'000U}) {
    const std::string text = text_of(size);
    S2Writer writer;
    std::string stream;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 1 + random() % 90'000);
      writer.write(piece);
      stream += writer.take();
      rest.remove_prefix(piece.size());
    }
    writer.finish();
    stream += writer.take();
    CHECK(read_in_pieces(stream, random) == text);
    CHECK(read_s2_stream(stream, size) == text);
    if (size > 1000) CHECK(stream.size() < size);
  }
}

TEST_CASE("blocks are Snappy's") {
  const std::string text = text_of(200'000);
  std::string block, plain = "before ";
  snappy::Compress(text.data(), text.size(), &block);
  REQUIRE(read_s2_block(block, text.size(), plain));
  CHECK(plain == "before " + text);
  CHECK(!read_s2_block(block, text.size() - 1, plain));
  CHECK(plain.size() == text.size() + 7);
}

TEST_CASE("what is to be skipped takes no memory, and unknown chunks are refused") {
  std::string stream = write_s2_stream("");
  stream += std::string("\x99\xff\xff\xff", 4);
  S2Reader reader;
  std::string plain;
  reader.feed(stream);
  CHECK(reader.next(plain) == false);
  for (int i = 0; i < 16; ++i) {
    reader.feed(std::string(1 << 20, 'x'));
    CHECK(reader.next(plain) == false);
    CHECK(reader.waiting() <= 1);
  }
  S2Reader other;
  other.feed(write_s2_stream("") + std::string("\x02\x00\x00\x00", 4));
  CHECK(!other.next(plain));
}

TEST_CASE("flips and noise are errors, within bounds") {
  std::mt19937 random(7);
  const std::string text = text_of(70'000);
  S2Writer writer;
  writer.write(text);
  writer.finish();
  const std::string good = writer.take();
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (std::uint32_t flips = 1 + random() % 3; flips > 0; --flips)
      bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    const auto read = read_s2_stream(bad, 1 << 20);
    // A flip may turn a chunk into one to be skipped; then its bytes are missing, never wrong.
    if (read && bad != good) CHECK(text.find(*read) != std::string::npos);
  }
  for (int round = 0; round < 20'000; ++round) {
    std::string block(1 + random() % 60, '\0');
    for (char& c : block) c = static_cast<char>(random());
    // A plausible size, so that the codes are read.
    block[0] = static_cast<char>(random() % 128);
    std::string plain;
    if (read_s2_block(block, 100, plain)) CHECK(plain.size() == static_cast<std::size_t>(block[0]));
    CHECK(plain.size() <= 100);
  }
}

}  // namespace
}  // namespace midge::codec
