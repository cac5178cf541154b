// The blocks of one stream, in order, and their files: the last one is open, those before are
// sealed, written behind by jobs on the disk pool, and then kept in the file alone. A memory
// stream's blocks have no files.
//
// Thread: the loop's. Blocks and views are good until the next call that is not const.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/file.h"
#include "store/block/block.h"
#include "store/block/read_window.h"
#include "store/block_write.h"
#include "store/ids.h"
#include "store/message.h"
#include "store/pack/packed_disk.h"

namespace midge::store {

class BlockList {
 public:
  // `folder`: of the files, on `disk`, which outlives it; "" = none.
  BlockList(io::Env& env, io::Loop& loop, StreamId stream, PackedDisk& disk, std::string folder,
            std::uint32_t block_size);
  ~BlockList();
  BlockList(const BlockList&) = delete;
  BlockList& operator=(const BlockList&) = delete;

  // Files that are begun from now on are as this one makes them. It outlives the list.
  void set_disk(PackedDisk& disk) { disk_ = &disk; }
  [[nodiscard]] PackedDisk& disk() const { return *disk_; }

  // The record as it was written.
  std::string_view append(Sequence sequence, const NewMessage& message);
  // Lets go of blocks of which nothing is there any more, if there are such since the last call.
  void drop_empty();
  void note_empty() { any_empty_ = true; }
  // All are let go.
  void clear();

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] Block& at(std::size_t i) { return *slots_[i].block; }
  [[nodiscard]] const Block& at(std::size_t i) const { return *slots_[i].block; }
  // The first block that has anything at or behind `sequence`; size() if none has.
  [[nodiscard]] std::size_t place_of(Sequence sequence) const;
  // The block that has this sequence among its own; null: none.
  [[nodiscard]] Block* containing(Sequence sequence);

  // One message. Views until the next call. Errors: kNotFound; kIo: damaged, or of the disk.
  Result<StoredMessage> load(Sequence sequence);
  // Takes the block's records into memory; damaged ones are lost. Reads its file now. Errors: of
  // the disk: nothing is lost by that.
  Result<void> need_records(std::size_t i);
  // Zeros over a removed record: at once if it is in memory only, else after the next checkpoint.
  // In a packed file nothing can be overwritten: the block goes to another one, without it.
  void erase(Sequence sequence);

  // ---- damage: block_upkeep.cc

  // A message that cannot be read any more: its block knows it no longer.
  struct LostMessage {
    Sequence sequence;
    MessageSize size;
    std::string subject;  // "" = not known
  };
  // What was wrong with a file. What was left of it is in memory, and goes to another one.
  struct Damage {
    std::string path, why;
    std::size_t lost = 0;  // messages
  };
  // What was found since the last call.
  std::vector<LostMessage> take_lost() { return std::exchange(lost_, {}); }
  std::vector<Damage> take_damages() { return std::exchange(damages_, {}); }
  // Called when a job has found something.
  void on_found(std::function<void()> found) { found_ = std::move(found); }

  // ---- upkeep, in the background. Each starts at most one job, and returns the bytes that it
  // reads; 0: there is nothing to do, or not now.

  // Sealed blocks of which little is there are written anew, together; others whose file must not
  // stay, each by itself.
  std::uint64_t compact();
  // The file of the next block, in turn, is read and checked.
  std::uint64_t check_next();

  // ---- the checkpoint

  // Before a checkpoint: sealed blocks are not written behind, until take_writes() takes them.
  void hold(bool on) { held_ = on; }
  // Jobs of its own are writing.
  [[nodiscard]] bool is_busy() const { return jobs_ > 0; }
  // All that is not in files yet, the open block's records too; each is to be given to
  // on_written().
  std::vector<BlockWrite> take_writes();
  // No job runs any more, nor will its end be told.
  void forget_jobs();
  void on_written(const BlockWrite& write, const Result<void>& result);
  // What is erased up to here may be so in the files, when the checkpoint is durable: then
  // erase_removed(). Errors: of the disk.
  void begin_checkpoint();
  Result<void> erase_removed();
  // What is erased and still in packed files, after begin_checkpoint(): the next run is to see to
  // it, by erase().
  [[nodiscard]] const std::vector<Sequence>& to_erase() const { return to_erase_; }
  // Before the last checkpoint: those blocks are written anew now. Blocks.
  void leave_packed_files();
  // Files of blocks that are gone: to be removed when a checkpoint that does not name them is
  // durable.
  std::vector<std::string> take_obsolete() { return std::exchange(obsolete_, {}); }
  // The same of damaged ones, which go to quarantine then: paths, and what is wrong.
  using Quarantined = std::vector<std::pair<std::string, std::string>>;
  Quarantined take_quarantined() { return std::exchange(quarantined_, {}); }
  [[nodiscard]] std::uint32_t next_number() const { return next_number_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string path_of(std::uint32_t number) const;

  // After a restart, in order. What is not in its file is in memory, and will be written.
  enum class InFile : std::uint8_t { kNothing, kRecords, kAll };
  void restore(std::unique_ptr<Block> block, InFile in_file);
  std::uint32_t take_number() { return next_number_++; }
  // The text that a record of block `i` has. Errors: it is damaged or erased; of the disk.
  Result<std::string> subject_of(std::size_t i, Sequence sequence);
  // For the table of subjects of a block that is made elsewhere.
  [[nodiscard]] std::uint64_t salt() { return env_.entropy().hash_salt(); }
  void numbers_from(std::uint32_t next) { next_number_ = std::max(next_number_, next); }
  // During a restart, files are written at once, by whoever appends.
  void set_blocking(bool on) { blocking_ = on; }

  // Memory is short: records that are in files are dropped, and those that are not are written
  // soon, of the open block too if it holds many.
  void give_way();
  // Bytes of memory held.
  [[nodiscard]] std::size_t memory() const;
  // Sealed blocks whose files are not written yet.
  [[nodiscard]] std::size_t unwritten() const;

 private:
  struct Slot {
    std::unique_ptr<Block> block;
    enum class State : std::uint8_t { kMemory, kWriting, kWritten } state = State::kMemory;
    std::uint64_t written = 0;       // bytes of header and records that are in the file
    std::optional<bool> packed;      // its file; not set: nobody has looked
    bool moves = false;              // its file is to be written anew
    std::unique_ptr<io::File> file;  // open for reading
    std::uint64_t used = 0;          // when its records or its file were last wanted
  };
  class WriteJob;
  class CheckJob;
  class CompactJob;
  struct Owner {
    BlockList* list;  // null: gone
  };

  Slot& open_slot(Sequence first, const NewMessage& message);
  void write_behind(Slot& slot);
  BlockWrite take_write(Slot& slot);
  void let_go(const Slot& slot);
  Slot* find_slot(std::uint32_t number);
  void take_damage(Slot& slot, const std::vector<Sequence>& damaged, const std::string& why);
  // The block's file, of which there is something, is packed.
  bool is_packed(Slot& slot);
  void erase_in_memory(Slot& slot, Sequence sequence);
  void look_at_file(Slot& slot);
  // All of it is in memory, and goes to another file.
  void take_new_number(Slot& slot);
  void leave_file(Slot& slot);
  void move_to_new_file(Slot& slot);
  void on_checked(const CheckJob& job);
  void on_compacted(CompactJob& job);
  bool follow_removals(CompactJob& job);
  [[nodiscard]] bool is_sparse(const Slot& slot) const;
  [[nodiscard]] std::size_t sparse_run(std::size_t begin) const;
  std::unique_ptr<CompactJob> make_compaction(std::size_t begin, std::size_t count);
  std::uint64_t compact_in_memory();
  Slot* slot_with(Sequence sequence);
  Result<void> erase_in_file(Sequence sequence);
  Result<io::File*> file_of(Slot& slot);
  void forget_least_used();

  io::Env& env_;
  io::Loop& loop_;
  StreamId stream_;
  PackedDisk* disk_;
  std::string folder_;
  std::uint32_t block_size_;
  std::uint32_t next_number_ = 1;
  std::deque<Slot> slots_;
  bool any_empty_ = true;
  mutable std::size_t hint_ = 0;  // where place_of() found the last one
  std::string buffer_;            // of the message read last
  ReadWindow window_;             // the same, for load()
  std::vector<LostMessage> lost_;
  std::vector<Damage> damages_;
  std::function<void()> found_;
  std::uint32_t checked_ = 0;  // the number of the block whose file was checked last
  std::uint64_t clock_ = 0;
  std::vector<std::string> obsolete_;
  Quarantined quarantined_;
  // To be erased once it can be, and what a checkpoint on its way covers.
  std::vector<Sequence> to_erase_, erasable_;
  std::size_t jobs_ = 0;
  bool held_ = false, blocking_ = false;
  std::shared_ptr<Owner> owner_;
};

}  // namespace midge::store
