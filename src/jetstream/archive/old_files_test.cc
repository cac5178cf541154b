// Goal: what nats-server's own store has in its files is read as it is meant; cut and noisy ones
// are errors or wait for more. Method: files made here byte by byte; the real ones are in
// tests/jetstream.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "jetstream/archive/old_block.h"
#include "jetstream/archive/old_index.h"

namespace midge::jetstream {
namespace {

template <class Integer>
void put(std::string& to, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

std::string record(std::uint64_t sequence, std::string_view subject, std::string_view header,
                   std::string_view payload) {
  std::string content(subject);
  if (!header.empty()) put(content, static_cast<std::uint32_t>(header.size()));
  content.append(header).append(payload);
  std::string text;
  put(text, static_cast<std::uint32_t>(22 + content.size() + 8) | (header.empty() ? 0U : 1U << 31));
  put(text, sequence);
  put(text, std::uint64_t{77});
  put(text, static_cast<std::uint16_t>(subject.size()));
  return text + content + "checksum";
}

TEST_CASE("records of a block") {
  const std::string block = record(5, "a.b", "", "payload") + record(6, "c", "head", "") +
                            record(7ULL | 1ULL << 63, "", "", "zeros") +
                            record(5ULL | 1ULL << 62, "", "", "");
  std::string_view rest = block;
  auto taken = take_old_record(rest);
  REQUIRE((taken && *taken));
  CHECK((*taken)->kind == OldRecord::Kind::kMessage);
  CHECK((*taken)->sequence == 5);
  CHECK((*taken)->time == 77);
  CHECK((*taken)->subject == "a.b");
  CHECK((*taken)->header.empty());
  CHECK((*taken)->payload == "payload");
  taken = take_old_record(rest);
  REQUIRE((taken && *taken));
  CHECK((*taken)->header == "head");
  CHECK((*taken)->payload.empty());
  taken = take_old_record(rest);
  REQUIRE((taken && *taken));
  CHECK((*taken)->kind == OldRecord::Kind::kErased);
  CHECK((*taken)->sequence == 7);
  taken = take_old_record(rest);
  REQUIRE((taken && *taken));
  CHECK((*taken)->kind == OldRecord::Kind::kTombstone);
  CHECK((*taken)->sequence == 5);
  CHECK(rest.empty());
}

TEST_CASE("cut records wait, bad ones are refused") {
  const std::string whole = record(1, "subject", "header", "payload");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string_view rest = std::string_view(whole).substr(0, size);
    const auto taken = take_old_record(rest);
    REQUIRE(taken);
    CHECK(!*taken);
  }
  std::string short_one = whole, long_header = whole, huge = whole;
  short_one[0] = 20;
  long_header[22 + 7] = 100;
  huge[3] = '\x90';
  for (const std::string& bad : {short_one, long_header, huge}) {
    std::string_view rest = bad;
    CHECK(!take_old_record(rest));
  }
}

struct Removed {
  std::vector<std::uint64_t> sequences;
  bool complete = false, bad = false;
  std::uint64_t first = 0, last = 0;
};

Removed read_index(std::string_view file, std::size_t piece) {
  OldIndexReader reader;
  Removed result;
  std::string waiting;
  while (!file.empty() && !result.bad) {
    waiting += file.substr(0, piece);
    file.remove_prefix(std::min(piece, file.size()));
    std::string_view rest = waiting;
    std::int64_t budget = 1 << 20;
    result.bad = !reader.take(
        rest, budget, [&](std::uint64_t sequence) { result.sequences.push_back(sequence); });
    waiting.erase(0, waiting.size() - rest.size());
  }
  result.complete = reader.is_complete();
  result.first = reader.first();
  result.last = reader.last();
  return result;
}

// Two subjects, two blocks; the second one's set has 103 and 140.
std::string index_of(int version) {
  std::string file{11, static_cast<char>(version)};
  file += std::string{4, 100, 101, 2, 110, 4};  // messages, bytes, first, time, last, time
  file += std::string("\x02\x01") + "a" + (version >= 4 ? "\x01\x01\x01" : "\x01\x01");
  file += std::string("\x02") + "bb" + "\x03\x01\x02";
  file += '\x02';
  for (int block = 1; block <= 2; ++block) {
    file += std::string{static_cast<char>(block), 50, 101, 2, 110, 4};
    file += static_cast<char>(block == 2 ? 2 : 0);
    if (version >= 2) file += '\0';
    if (version >= 3) file += '\0';
  }
  const std::size_t words = version == 1 ? 64 : 32;
  file += std::string{22, static_cast<char>(version == 1 ? 1 : 2)};
  put(file, std::uint32_t{1});
  put(file, std::uint32_t{2});
  put(file, std::uint64_t{100});
  put(file, std::uint64_t{1 << 3 | 1ULL << 40});
  for (std::size_t i = 1; i < words; ++i) put(file, std::uint64_t{0});
  put(file, std::uint16_t{1});
  return file + std::string("\x02") + "lastsum." + "checksum";
}

TEST_CASE("index.db in pieces") {
  for (int version = 1; version <= 4; ++version) {
    const std::string file = index_of(version);
    for (const std::size_t piece : {1U, 5U, 100U, 10'000U}) {
      const Removed removed = read_index(file, piece);
      CHECK(removed.sequences == std::vector<std::uint64_t>{103, 140});
      CHECK(removed.complete);
      CHECK(removed.first == 101);
      CHECK(removed.last == 110);
    }
  }
  CHECK(read_index(index_of(5), 1000).bad);
  CHECK(!read_index(index_of(3).substr(0, 40), 1000).complete);
}

TEST_CASE("a block's own index") {
  const std::string file =
      std::string{22, 1, 3, 100, 10, 2, 14, 4, 2} + "checksum" + std::string{1, 3};
  const auto index = read_old_block_index(file);
  REQUIRE(index);
  CHECK(index->first == 10);
  CHECK(index->last == 14);
  CHECK(index->removed == std::vector<std::uint64_t>{11, 13});
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK(!read_old_block_index(std::string_view(file).substr(0, size)));
}

TEST_CASE("consumers") {
  // The floor is 3 and 10; delivered 6 and 15; pending 12 and 14, the second one twice.
  const std::string file{22, 2, 3, 10, 6, 15, 2, 40, 2, 1, 4, 4, 3, 0, 1, 4, 1};
  const auto progress = read_old_consumer(file);
  REQUIRE(progress);
  CHECK(progress->acks.floor() == Positions{{3}, {10}});
  CHECK(progress->acks.delivered() == Positions{{6}, {15}});
  CHECK(progress->next == Sequence{16});
  std::vector<PendingMessage> pending;
  progress->acks.for_each_pending([&](const PendingMessage& each) { pending.push_back(each); });
  REQUIRE(pending.size() == 2);
  CHECK(pending[0].stream == Sequence{12});
  CHECK(pending[0].consumer == ConsumerSequence{4});
  CHECK(pending[0].delivered == WallTime{18'000'000'000});
  CHECK(pending[0].deliveries == 1);
  CHECK(pending[1].stream == Sequence{14});
  CHECK(pending[1].deliveries == 2);
  for (std::size_t size = 0; size + 3 < file.size(); ++size)
    CHECK(!read_old_consumer(std::string_view(file).substr(0, size)));
}

TEST_CASE("noise does no harm") {
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string file{static_cast<char>(random() % 2 == 0 ? 22 : 11),
                     static_cast<char>(1 + random() % 4)};
    for (std::uint32_t size = random() % 60; size > 0; --size)
      file += static_cast<char>(random() % 3 == 0 ? random() : random() % 8);
    (void)read_old_consumer(file);
    (void)read_old_block_index(file);
    std::string_view rest = file;
    (void)take_old_record(rest);
    file[0] = 11;
    (void)read_index(file, 1 + random() % 30);
  }
}

}  // namespace
}  // namespace midge::jetstream
