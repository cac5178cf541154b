// Messages through deflater and inflater, in all kinds of parts; and who loses when memory is out.
#include "websocket/compression.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace midge::websocket {
namespace {

std::string message_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += "MSG orders.eu." + std::to_string(i % 17) + " 1 12\r\nhello " + std::to_string(i * i) +
            "\r\n";
  text.resize(size);
  return text;
}

std::string compressed(Deflater& deflater, const std::string& text) {
  const std::size_t half = text.size() / 3;
  const std::array<io::Slice, 2> slices{io::Slice{text.data(), half},
                                        io::Slice{text.data() + half, text.size() - half}};
  return std::string(deflater.compress(slices, text.size()));
}

// In parts of `part` bytes, into rooms of `room`.
std::string inflated(Inflater& inflater, const std::string& message, std::size_t part,
                     std::size_t room) {
  std::string out;
  std::string into(room, '\0');
  for (std::size_t at = 0; at < message.size() || message.empty(); at += part) {
    std::string_view bytes = std::string_view(message).substr(at, part);
    const bool ends = at + part >= message.size();
    while (true) {
      std::size_t filled = 0;
      const Inflater::Status status = inflater.inflate(bytes, ends, into, filled);
      out.append(into, 0, filled);
      REQUIRE(status != Inflater::Status::kCorrupt);
      if (status == Inflater::Status::kFull) continue;
      CHECK((status == Inflater::Status::kMessageDone) == ends);
      break;
    }
    if (ends) break;
  }
  return out;
}

TEST_CASE("what is compressed is inflated again, however it is cut") {
  Deflater deflater;
  Inflater inflater;
  for (const std::size_t size : {65U, 300U, 1024U, 1025U, 5000U, 16384U}) {
    const std::string text = message_of(size);
    const std::string message = compressed(deflater, text);
    REQUIRE(!message.empty());
    CHECK(message.size() < text.size());
    for (const std::size_t part : {1U, 2U, 7U, 1000U, 100000U})
      for (const std::size_t room : {1U, 3U, 64U, 100000U})
        if (size <= 1025 || room >= 64) CHECK(inflated(inflater, message, part, room) == text);
  }
}

TEST_CASE("what does not get shorter is left as it is") {
  Deflater deflater;
  std::string noise;
  for (std::uint64_t state = 1; noise.size() < 3000; state = state * 6364136223846793005U + 1)
    noise += static_cast<char>(state >> 56);
  CHECK(compressed(deflater, noise).empty());
  CHECK(compressed(deflater, noise.substr(0, 100)).empty());
  CHECK(!compressed(deflater, message_of(100)).empty());
}

TEST_CASE("a last block ends a message, and the next begins anew") {
  Inflater inflater;
  const std::string with_last_block{
      "\x4B\x04\x00"
      "xyz",
      6};  // "a", final
  std::string into(100, '\0');
  for (int i = 0; i < 3; ++i) {
    std::size_t filled = 0;
    std::string_view part = with_last_block;
    CHECK(inflater.inflate(part, true, into, filled) == Inflater::Status::kMessageDone);
    CHECK(into.substr(0, filled) == "a");
  }
}

TEST_CASE("a message that breaks off within a block is corrupt") {
  Deflater deflater;
  Inflater inflater;
  const std::string message = compressed(deflater, message_of(1000));
  std::string into(2000, '\0');
  for (std::size_t left = 0; left + 1 < message.size(); ++left) {
    std::size_t filled = 0;
    std::string_view part = std::string_view(message).substr(0, left);
    CHECK(inflater.inflate(part, true, into, filled) == Inflater::Status::kCorrupt);
    inflater.reset();
  }
}

TEST_CASE("garbage is corrupt") {
  Inflater inflater;
  std::string into(100, '\0');
  std::size_t filled = 0;
  std::string_view part = "\xFF\xFF\xFF\xFF";
  CHECK(inflater.inflate(part, true, into, filled) == Inflater::Status::kCorrupt);
}

class TestBorrower final : public Borrower {
 public:
  bool lost = false;

 private:
  void on_inflater_lost() override { lost = true; }
};

TEST_CASE("who has had an inflater for longest loses it when there is no memory for another") {
  Compression compression(3 * Inflater::kBytes);
  LoopCompression& shared = compression.of(LoopId{0});
  std::array<TestBorrower, 5> borrowers;
  for (std::size_t i = 0; i < 3; ++i) shared.lend(borrowers[i]);
  CHECK(compression.bytes() == 3 * Inflater::kBytes);
  shared.lend(borrowers[3]);
  CHECK(borrowers[0].lost);
  CHECK(!borrowers[0].has_inflater());
  shared.give_back(borrowers[2]);
  shared.lend(borrowers[4]);
  CHECK(!borrowers[1].lost);
  CHECK(compression.bytes() == 3 * Inflater::kBytes);
  // Another loop has one of its own all the same.
  TestBorrower elsewhere;
  compression.of(LoopId{1}).lend(elsewhere);
  CHECK(elsewhere.has_inflater());
  compression.of(LoopId{1}).give_back(elsewhere);
  for (TestBorrower& borrower : borrowers) shared.give_back(borrower);
  CHECK(compression.bytes() <= 3 * Inflater::kBytes);
}

}  // namespace
}  // namespace midge::websocket
