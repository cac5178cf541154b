// Reading what a block's file holds. Blocking: on pool threads, or at start; any thread, one at a
// time per file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file.h"
#include "store/block/block.h"

namespace midge::store {

// A sealed block without its records: header, trailer and index are read and checked.
// Errors: of the disk; kIo: the file is not that block, not sealed, or damaged: rebuild_block()
// says what is left of it; kInvalid: a version or flag that is not known.
// `texts`, if not null: its subjects', or nothing if those cannot be read.
Result<std::unique_ptr<Block>> open_block(io::File& file, const BlockName& name,
                                          SubjectTexts* texts = nullptr);
// The texts alone, of a block that is sealed. Errors: of the disk; kIo: damaged.
Result<SubjectTexts> read_subject_texts(io::File& file, const Block& block);

// One message, checked, without the rest of its block. Its views are of `buffer`.
// Errors: of the disk; kIo: damaged; kNotFound: erased.
Result<StoredMessage> read_message(io::File& file, Block::Place place, Sequence sequence,
                                   std::string& buffer);
// The same of bytes that were read from there.
Result<StoredMessage> read_message(std::string_view bytes, Sequence sequence);

// The records of a sealed block, for Block::take_records(): the whole is checked, and each record
// if the whole is not right.
struct BlockRecords {
  RecordChunks chunks;
  std::vector<Sequence> erased;   // found if each was checked
  std::vector<Sequence> damaged;  // Block::lose() them before it takes the records
};
// What is cut off is damaged. `file` may be null: all is. Errors: of the disk.
Result<BlockRecords> read_block_records(io::File* file, const Block& block);

// What is wrong with a sealed block's file. Any thread. Errors: of the disk.
struct BlockFault {
  std::string what;          // "" = nothing
  bool may_be_torn = false;  // it may have been written while the power failed: nothing is lost
};
Result<BlockFault> find_block_fault(io::File& file, const BlockName& name);

// What can be had of a block whose file is unsealed, cut off or damaged. `bytes` is all of the
// file.
struct RebuiltBlock {
  // In memory. Sealed if the index is whole; then damaged records are marked removed. Otherwise
  // open, with those records that are whole.
  std::unique_ptr<Block> block;
  bool header_damaged = false;
  // With an index: exactly what is lost.
  std::vector<Sequence> lost;
  // Without an index: bytes that are no good records, and why the first of them were not taken. An
  // unsealed block that is whole has none.
  std::uint64_t unread = 0;
  std::string why;
};
RebuiltBlock rebuild_block(std::string_view bytes, const BlockName& name, std::uint64_t salt);

}  // namespace midge::store
