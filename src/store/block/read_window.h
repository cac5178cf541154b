// Part of a block's file, as read last: whoever takes one message after the other asks the disk
// once for many of them. A message by itself is read by itself.
//
// Thread: its owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/file.h"

namespace midge::store {

class ReadWindow {
 public:
  // Bytes [from, from + size) of the file of the block with this number, which ends at `end`. Valid
  // until the next call. Errors: of the disk; kIo: the file is shorter.
  Result<std::string_view> read(io::File& file, std::uint32_t block, std::uint64_t from,
                                std::size_t size, std::uint64_t end);
  // Gives back its memory.
  void forget() { bytes_ = {}; }

 private:
  static constexpr std::size_t kAhead = 64 << 10;  // bytes read at once
  static constexpr std::size_t kNear = 4 << 10;  // so close behind the last one is one that follows

  std::uint32_t block_ = 0;
  std::uint64_t from_ = 0;      // of bytes_
  std::uint64_t last_end_ = 0;  // of what was asked for last
  std::string bytes_;
};

}  // namespace midge::store
