// The blocks of one stream, in order, and their files: the last one is open, those before are
// sealed, written behind by jobs on the disk pool, and then kept in the file alone. A memory
// stream's blocks have no files.
//
// Thread: the loop's. Blocks and views are good until the next call that is not const.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/file.h"
#include "store/block/block.h"
#include "store/ids.h"
#include "store/message.h"

namespace midge::store {

class BlockList {
 public:
  // `folder`: of the files; "" = none.
  BlockList(io::Env& env, io::Loop& loop, StreamId stream, std::string folder,
            std::uint32_t block_size);
  ~BlockList();
  BlockList(const BlockList&) = delete;
  BlockList& operator=(const BlockList&) = delete;

  // The record as it was written.
  std::string_view append(Sequence sequence, const NewMessage& message);
  // Lets go of blocks of which nothing is there any more.
  void drop_empty();
  // All are let go.
  void clear();

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] Block& at(std::size_t i) { return *slots_[i].block; }
  [[nodiscard]] const Block& at(std::size_t i) const { return *slots_[i].block; }
  // The first block that has anything at or behind `sequence`; size() if none has.
  [[nodiscard]] std::size_t place_of(Sequence sequence) const;
  // The block that has this sequence among its own; null: none.
  [[nodiscard]] Block* containing(Sequence sequence);

  // One message. Views until the next call. Errors: kNotFound; kIo.
  Result<StoredMessage> load(Sequence sequence);
  // Takes the block's records into memory; damaged ones are lost. Reads its file now.
  Result<void> need_records(std::size_t i);
  // Zeros over a removed record, in memory and in the file. Errors: of the disk.
  Result<void> erase(Sequence sequence);
  // Sequences found damaged since the last call.
  std::vector<Sequence> take_lost() { return std::exchange(lost_, {}); }

  // Bytes of memory held.
  [[nodiscard]] std::size_t memory() const;
  // Sealed blocks whose files are not written yet.
  [[nodiscard]] std::size_t unwritten() const;

 private:
  struct Slot {
    std::unique_ptr<Block> block;
    enum class State : std::uint8_t { kMemory, kWriting, kWritten } state = State::kMemory;
    std::unique_ptr<io::File> file;  // open for reading
    std::uint64_t used = 0;          // when its records or its file were last wanted
  };
  class WriteJob;
  struct Owner {
    BlockList* list;  // null: gone
  };

  Slot& open_slot(Sequence first, const NewMessage& message);
  void write_behind(Slot& slot);
  void on_written(std::uint32_t number, const Result<void>& result);
  Result<io::File*> file_of(Slot& slot);
  void forget_least_used();
  [[nodiscard]] std::string path_of(std::uint32_t number) const;

  io::Env& env_;
  io::Loop& loop_;
  StreamId stream_;
  std::string folder_;
  std::uint32_t block_size_;
  std::uint32_t next_number_ = 1;
  std::deque<Slot> slots_;
  std::string buffer_;  // of the message read last
  std::vector<Sequence> lost_;
  std::uint64_t clock_ = 0;
  std::shared_ptr<Owner> owner_;
};

}  // namespace midge::store
