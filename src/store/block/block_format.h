// Header, index and trailer of a block's file: docs/formats/block.md. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/block/block_columns.h"
#include "store/ids.h"

namespace midge::store {

inline constexpr std::size_t kBlockHeader = 48;
inline constexpr std::size_t kBlockTrailer = 72;

struct BlockName {
  StreamId stream;
  std::uint32_t number = 0;
  Sequence first;  // of the first record, or of the first that it could hold
  bool operator==(const BlockName&) const = default;
};

struct BlockTrailer {
  Sequence last;
  WallTime first_time, last_time;
  std::uint32_t records = 0;
  std::uint32_t subjects = 0;
  std::uint32_t index_offset = 0;
  std::uint64_t index_checksum = 0;
  std::uint64_t records_checksum = 0;  // of all before the index
  bool operator==(const BlockTrailer&) const = default;
};

void write_block_header(char* into, const BlockName& name);
// Errors: kIo; a version or a checksum that is wrong.
Result<BlockName> read_block_header(std::string_view bytes);

std::size_t block_index_size(std::uint32_t records, std::uint32_t subjects);
std::string write_block_index(const BlockColumns& columns);
// All numbers are checked against each other and the trailer; the checksum too.
Result<BlockColumns> read_block_index(std::string_view bytes, const BlockName& name,
                                      const BlockTrailer& trailer);

std::string write_block_trailer(const BlockTrailer& trailer);
Result<BlockTrailer> read_block_trailer(std::string_view bytes);

}  // namespace midge::store
