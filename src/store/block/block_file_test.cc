// Goal: the bytes of a block's file are those of docs/formats/block.md; no damage passes; what is
// not damaged is found, and what is lost is told exactly.
// Method: one small block with every byte of its file flipped and the file cut at every length.
#include "store/block/block_file.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "store/block/memory_file.h"
#include "store/checksum.h"
#include "store/little_endian.h"

namespace midge::store {
namespace {

const BlockName kName{StreamId{258}, 3, Sequence{1000}};

std::unique_ptr<Block> small_block() {
  auto block = std::make_unique<Block>(kName, 1);
  const auto add = [&](std::uint64_t s, std::string_view subject, std::string_view header,
                       std::string_view payload) {
    block->append(Sequence{s}, {subject, header, payload, WallTime{static_cast<long>(s) * 10}});
  };
  add(1000, "orders.1", "", "one");
  add(1001, "orders.2", "NATS/1.0\r\n\r\n", "");
  add(1004, "orders.1", "", "three");
  add(1005, "x", "", std::string(50, 'z'));
  return block;
}

std::string file_of(const Block& block) {
  std::string bytes;
  for (const BlockPiece& piece : block.pieces(0, block.length())) bytes += piece.bytes;
  if (block.sealed()) bytes += block.make_end();
  return bytes;
}

std::string sealed_file() {
  const auto block = small_block();
  block->seal();
  return file_of(*block);
}

std::string flipped(std::string bytes, std::size_t at, unsigned bit) {
  bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
  return bytes;
}

std::vector<std::uint64_t> there(const Block& block) {
  std::vector<std::uint64_t> out;
  for (auto at = block.next_there(Sequence{}); at; at = block.next_there(*at + 1)) {
    REQUIRE(block.load(*at).has_value());
    out.push_back(at->value);
  }
  return out;
}

TEST_CASE("the bytes of a block") {
  const std::string bytes = sealed_file();
  REQUIRE(bytes.size() == 464);
  CHECK(bytes.substr(0, 8) == "MIDGEBLK");
  const auto u32 = [&](std::size_t at) { return get_little<std::uint32_t>(bytes.data() + at); };
  const auto u64 = [&](std::size_t at) { return get_little<std::uint64_t>(bytes.data() + at); };
  CHECK(u32(8) == 1);
  CHECK(u32(12) == 3);
  CHECK(u64(16) == 258);
  CHECK(u64(24) == 1000);
  CHECK(u64(32) == 0);
  // The index: records at 48, 96, 152, 200; it begins at 288.
  const std::vector<std::uint32_t> index = {
      0,
      1,
      4,
      5,  // sequences
      48 / 8 << 4 | 3,
      96 / 8 << 4 | 8 | 2,
      152 / 8 << 4 | 1,
      200 / 8 << 4 | 3,  // places
      0,
      1,
      0,
      2,  // subjects
      0,
      1,
      3,
      0,  // their records
  };
  for (std::size_t i = 0; i < index.size(); ++i) CHECK(u32(288 + i * 4) == index[i]);
  // The subjects' texts: a checksum, three lengths, the texts.
  CHECK(u64(352) == checksum(bytes.substr(360, 32)));
  CHECK(u64(360) == (8 | 8ULL << 16 | 1ULL << 32));
  CHECK(bytes.substr(368, 24) == std::string("orders.1orders.2x") + std::string(7, '\0'));
  CHECK(bytes.substr(392, 8) == "MIDGEEND");
  // Of everything together, so that no byte changes unseen.
  CHECK(checksum(bytes) == 12845771217348954412U);
}

TEST_CASE("no flipped bit of a sealed file passes") {
  const std::string bytes = sealed_file();
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      CAPTURE(at);
      MemoryFile file(flipped(bytes, at, bit));
      const auto opened = open_block(file, kName);
      if (!opened) continue;
      const auto records = read_block_records(&file, **opened);
      REQUIRE(records.has_value());
      const auto fault = find_block_fault(file, kName);
      REQUIRE(fault.has_value());
      REQUIRE_FALSE(fault->what.empty());
      if (at >= (*opened)->texts_offset()) {
        REQUIRE(records->damaged.empty());
        REQUIRE(fault->may_be_torn);
        REQUIRE_FALSE(read_subject_texts(file, **opened).has_value());
        continue;
      }
      REQUIRE_FALSE(fault->may_be_torn);
      REQUIRE(records->damaged.size() == 1);  // the one that was hit
      const auto place = (*opened)->place_of(records->damaged[0]);
      REQUIRE(at >= place->offset);
      REQUIRE(at < place->offset + place->length);
      std::string buffer;
      REQUIRE_FALSE(read_message(file, *place, records->damaged[0], buffer).has_value());
    }
}

TEST_CASE("no cut passes") {
  const std::string bytes = sealed_file();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    MemoryFile file(bytes.substr(0, size));
    REQUIRE_FALSE(open_block(file, kName).has_value());
  }
  MemoryFile longer(bytes + std::string(8, '\0'));
  CHECK_FALSE(open_block(longer, kName).has_value());
}

TEST_CASE("another block's file is refused") {
  MemoryFile file(sealed_file());
  CHECK(open_block(file, kName).has_value());
  CHECK_FALSE(open_block(file, {StreamId{258}, 4, Sequence{1000}}).has_value());
  CHECK_FALSE(open_block(file, {StreamId{259}, 3, Sequence{1000}}).has_value());
}

TEST_CASE("of an unsealed block all records are had that are whole") {
  const std::string bytes = file_of(*small_block());
  const RebuiltBlock whole = rebuild_block(bytes, kName, 1);
  CHECK(whole.unread == 0);
  CHECK(whole.why.empty());
  CHECK_FALSE(whole.header_damaged);
  CHECK_FALSE(whole.block->sealed());
  CHECK(file_of(*whole.block) == bytes);
  // It goes on as it was.
  whole.block->append(Sequence{1006}, {"orders.2", "", "", {}});
  CHECK(whole.block->subjects() == 3);

  const std::vector<std::uint64_t> all = {1000, 1001, 1004, 1005};
  const std::vector<std::size_t> ends = {96, 152, 200, 288};
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const RebuiltBlock cut = rebuild_block(bytes.substr(0, size), kName, 1);
    std::vector<std::uint64_t> expected;
    std::size_t good = std::min<std::size_t>(size, 48);
    for (std::size_t i = 0; i < ends.size() && ends[i] <= size; ++i) {
      expected.push_back(all[i]);
      good = ends[i];
    }
    REQUIRE(there(*cut.block) == expected);
    REQUIRE(cut.unread == size - good);
    REQUIRE(cut.why.empty() == (cut.unread == 0));
    REQUIRE(cut.header_damaged == (size < 48));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const RebuiltBlock hit = rebuild_block(flipped(bytes, at, 3), kName, 1);
    std::vector<std::uint64_t> expected;
    std::size_t begin = 48;
    for (std::size_t i = 0; i < ends.size(); begin = ends[i++])
      if (at < begin || at >= ends[i]) expected.push_back(all[i]);
    REQUIRE(there(*hit.block) == expected);
    REQUIRE(hit.header_damaged == (at < 48));
  }
}

TEST_CASE("a damaged sealed block loses the records that were hit and no other") {
  const std::string bytes = sealed_file();
  const std::vector<std::uint64_t> all = {1000, 1001, 1004, 1005};
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    const RebuiltBlock hit = rebuild_block(flipped(bytes, at, 5), kName, 1);
    std::vector<std::uint64_t> expected = all;
    if (at >= 48 && at < 288) {
      REQUIRE(hit.block->sealed());
      REQUIRE(hit.lost.size() == 1);
      std::erase(expected, hit.lost[0].value);
      const auto place = hit.block->place_of(hit.lost[0]);
      REQUIRE(at >= place->offset);
      REQUIRE(at < place->offset + place->length);
    } else {
      REQUIRE(hit.lost.empty());
    }
    // An index that is damaged is made anew from the records.
    if (at >= 288 && (at < 352 || at >= 392)) REQUIRE(hit.unread == bytes.size() - 288);
    REQUIRE(there(*hit.block) == expected);
    std::int64_t budget = 100;
    const bool first_is_lost = !hit.lost.empty() && hit.lost[0] == Sequence{1000};
    CHECK(hit.block->find_next(Filter({"orders.1"}), Sequence{}, budget).found ==
          Sequence{first_is_lost ? 1004U : 1000U});
  }
}

TEST_CASE("a subject is known as long as one of its records is whole") {
  // The index may name any record of a subject for its text, also the last.
  auto block = small_block();
  block->append(Sequence{1006}, {"orders.1", "", "five", {}});
  block->remove(Sequence{1000});
  block->erase(Sequence{1000});
  block->seal();
  std::string bytes = file_of(*block);
  const auto place = block->place_of(Sequence{1004});
  bytes = flipped(bytes, place->offset + 32, 7);  // the size of the subject
  const RebuiltBlock hit = rebuild_block(bytes, kName, 1);
  CHECK(hit.lost == std::vector<Sequence>{Sequence{1004}});
  hit.block->set_removed(block->removed());
  std::int64_t budget = 100;
  CHECK(hit.block->find_next(Filter({"orders.1"}), Sequence{}, budget).found == Sequence{1006});
}

TEST_CASE("erased records are rebuilt as erased and removed") {
  for (const bool sealed : {false, true}) {
    const auto block = small_block();
    block->remove(Sequence{1001});
    block->erase(Sequence{1001});
    if (sealed) block->seal();
    const RebuiltBlock rebuilt = rebuild_block(file_of(*block), kName, 1);
    CHECK(rebuilt.unread == 0);
    CHECK(rebuilt.lost.empty());
    CHECK(rebuilt.block->sealed() == sealed);
    CHECK(there(*rebuilt.block) == std::vector<std::uint64_t>{1000, 1004, 1005});
    CHECK(file_of(*rebuilt.block) == file_of(*block));
  }
}

TEST_CASE("a flag that is not known is refused") {
  std::string bytes = sealed_file();
  char* const trailer = bytes.data() + bytes.size() - kBlockTrailer;
  put_little(trailer + 44, std::uint32_t{1});
  put_little(trailer + 64, checksum({trailer, 64}));
  MemoryFile file(bytes);
  const auto opened = open_block(file, kName);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code() == ErrorCode::kInvalid);
}

}  // namespace
}  // namespace midge::store
