// Any bytes as a block's file: opening, rebuilding and scanning it end, stay within the bytes, and
// what is taken for a message is one. What was rebuilt can be written and opened again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/block/block_file.h"
#include "store/block/memory_file.h"
#include "store/checksum.h"
#include "store/little_endian.h"

namespace {

using midge::store::Block;
using midge::store::BlockName;
using midge::store::checksum;
using midge::store::Filter;
using midge::store::get_little;
using midge::store::MemoryFile;
using midge::store::put_little;
using midge::store::Sequence;
using midge::store::StreamId;

const BlockName kName{StreamId{1}, 1, Sequence{1}};

void check(bool holds) {
  if (!holds) std::abort();
}

void read_all(Block& block) {
  std::uint64_t bytes = 0;
  std::uint32_t there = 0;
  for (auto at = block.next_there(Sequence{}); at; at = block.next_there(*at + 1)) {
    const auto message = block.load(*at);
    check(message.has_value() && message->sequence == *at);
    bytes += message->subject.size() + message->header.size() + message->payload.size();
    check(block.size_of(*at)->bytes >= message->subject.size());
    ++there;
  }
  check(there == block.live() && bytes <= block.live_bytes());
  std::int64_t budget = 100'000;
  const auto counted = block.count(Filter({"a.>", "*.b"}), Sequence{}, budget);
  check(!counted.needs_records && counted.matched <= there);
}

// The same bytes with checksums that are right, or nothing behind them would ever be reached.
std::string mended(std::string bytes) {
  const auto u32 = [&](std::size_t at) { return get_little<std::uint32_t>(bytes.data() + at); };
  const auto mend = [&](std::size_t at, std::size_t from, std::size_t to) {
    put_little(bytes.data() + at, checksum(std::string_view(bytes).substr(from, to - from)));
  };
  if (bytes.size() < midge::store::kBlockHeader + midge::store::kBlockTrailer) return bytes;
  mend(40, 0, 40);
  const std::size_t trailer = bytes.size() - midge::store::kBlockTrailer;
  std::size_t end = bytes.size();
  const std::size_t index = u32(trailer + 40);
  if (std::string_view(bytes).substr(trailer).starts_with("MIDGEEND")) {
    if (index >= midge::store::kBlockHeader && index <= trailer) {
      mend(trailer + 48, index, trailer);
      end = index;
    }
    mend(trailer + 64, trailer, trailer + 64);
  }
  for (std::size_t at = midge::store::kBlockHeader; at + midge::store::kRecordMin <= end;) {
    const std::size_t length = u32(at);
    if (length < midge::store::kRecordMin || length > end - at) break;
    const std::string_view body = std::string_view(bytes).substr(at + 8, length - 8);
    // An odd checksum stands for an erased record.
    const auto right = static_cast<std::uint32_t>(checksum(body));
    put_little(bytes.data() + at + 4, (u32(at + 4) & 1) != 0 ? ~right : right);
    at += length;
  }
  return bytes;
}

void try_file(const std::string& bytes) {
  MemoryFile file(bytes);
  if (auto opened = midge::store::open_block(file, kName)) {
    auto records = midge::store::read_block_records(&file, **opened);
    check(records.has_value());
    for (const Sequence lost : records->damaged) (*opened)->lose(lost);
    (*opened)->take_records(std::move(records->chunks));
    read_all(**opened);
  }
  const auto rebuilt = midge::store::rebuild_block(bytes, kName, 7);
  Block& block = *rebuilt.block;
  read_all(block);
  if (!rebuilt.lost.empty()) return;
  if (!block.sealed()) block.seal();
  std::string again;
  for (const auto& piece : block.pieces(0, block.length())) again += piece.bytes;
  again += block.make_end();
  MemoryFile written(again);
  const auto opened = midge::store::open_block(written, kName);
  check(opened.has_value() && (*opened)->records() == block.records());
  check(midge::store::read_block_records(&written, **opened)->damaged.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try_file(bytes);
  try_file(mended(bytes));
  return 0;
}
