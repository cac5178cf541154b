// What of a block is still to be written to its file: bytes that do not change, so that any thread
// may write them while the loop goes on appending.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "store/block/record_chunks.h"

namespace midge::store {

struct BlockWrite {
  io::Disk* disk = nullptr;
  std::string folder, path;
  std::uint32_t number = 0;
  std::uint64_t from = 0, to = 0;  // of header and records
  std::vector<BlockPiece> pieces;
  std::string end;  // "" = the block is open

  // What is in the file before `from` stays, what lies behind goes: a checkpoint never names more.
  // Not synced. Errors: of the disk; kInvalid: what is in the file does not end at `from`, and
  // nothing can be added.
  Result<void> run() const;
};

}  // namespace midge::store
