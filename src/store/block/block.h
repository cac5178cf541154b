// Some of a stream's messages, in order of sequence: docs/formats/block.md.
//
// A block begins open: messages are appended, in memory. seal() ends that. A sealed block may leave
// its records to its file, and is then read record by record, or taken into memory again; what is
// known of each record without reading it stays in memory. Blocks of memory streams have no file
// and keep their records.
//
// The file is the caller's: pieces() and make_end() are what to write, read_at() and the functions
// of block_file.h what to do with what was read.
//
// Thread: the loop's. While a writer on another thread holds pieces of it or runs make_end(),
// erase() must not be called.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/block/block_columns.h"
#include "store/block/block_format.h"
#include "store/block/filter_matches.h"
#include "store/block/record.h"
#include "store/block/record_chunks.h"
#include "store/block/removed_set.h"
#include "store/block/subject_numbers.h"
#include "store/message.h"
#include "store/subjects/filter.h"

namespace midge::store {

class Block {
 public:
  // Open and empty. `salt` is random, for its table of subjects.
  Block(const BlockName& name, std::uint64_t salt);
  // Sealed, from what a file's end says; without records in memory.
  Block(const BlockName& name, const BlockTrailer& trailer, BlockColumns columns);

  // ---- writing

  // Whether it can be appended: a block is limited to 2 GiB and 2^32 sequences. An empty block
  // takes any message that fits a record.
  [[nodiscard]] bool has_room(Sequence sequence, const NewMessage& message) const;
  // The record as it was written; valid while it is in memory. Sequences must ascend.
  std::string_view append(Sequence sequence, const NewMessage& message);
  void seal();
  [[nodiscard]] bool sealed() const { return sealed_; }
  // Its bytes are zeros from now on, in memory; the file is for the caller to write: `record`, and
  // the subjects' texts anew if they lost one. It must be removed, and its record in memory.
  struct Erased {
    std::uint64_t offset;
    std::string_view record;
    bool text_is_lost;  // no other record that is there has this subject
  };
  Erased erase(Sequence sequence);

  // Bytes [from, to) of header and records, which are in memory.
  [[nodiscard]] std::vector<BlockPiece> pieces(std::uint64_t from, std::uint64_t to) const {
    return chunks_.pieces(from, to);
  }
  // What follows the records in the file of a sealed block whose records are in memory: index and
  // trailer. Takes a millisecond for 8 MiB. Any thread, if nothing but const calls are made
  // meanwhile.
  [[nodiscard]] std::string make_end() const;
  // What its records say, which are in memory.
  [[nodiscard]] SubjectTexts subject_texts() const;
  // Where their texts begin in the file.
  [[nodiscard]] std::uint64_t texts_offset() const {
    return length() + block_index_size(records(), subjects());
  }
  // A record that was lost, and that is in memory as it was found: as if it had been erased.
  void blank(Sequence sequence);

  // ---- what it holds

  [[nodiscard]] const BlockName& name() const { return name_; }
  // Of the records, removed ones included. Without any: first() > last().
  [[nodiscard]] Sequence first() const;
  [[nodiscard]] Sequence last() const { return last_; }
  [[nodiscard]] WallTime first_time() const { return first_time_; }
  [[nodiscard]] WallTime last_time() const { return last_time_; }
  [[nodiscard]] std::uint32_t records() const { return columns_.records(); }
  [[nodiscard]] std::uint32_t subjects() const { return columns_.subjects(); }
  // Bytes of header and records; without the end.
  [[nodiscard]] std::uint64_t length() const { return columns_.end(); }
  // Of the records that are not removed.
  [[nodiscard]] std::uint32_t live() const { return live_; }
  [[nodiscard]] std::uint64_t live_bytes() const { return live_bytes_; }
  [[nodiscard]] std::size_t memory() const;

  // ---- removed records

  // Its size; nullopt if it is not there. The record stays in the file.
  std::optional<MessageSize> remove(Sequence sequence);
  // All with lower sequences; returns how many.
  std::uint32_t remove_before(Sequence sequence);
  [[nodiscard]] const RemovedSet& removed() const { return removed_; }
  // Its record is damaged: nothing of it is used any more. False if it was removed before.
  bool lose(Sequence sequence);
  // Its records must be in memory: they go to another file.
  void renumber(std::uint32_t number);
  // What a checkpoint says. Those that are not records are ignored.
  void set_removed(const RemovedSet& removed);

  // ---- finding

  [[nodiscard]] bool is_there(Sequence sequence) const;
  // nullopt: it is not there.
  [[nodiscard]] std::optional<MessageSize> size_of(Sequence sequence) const;
  // The first that is there, at `from` or behind; the last that is there, before `before`.
  [[nodiscard]] std::optional<Sequence> next_there(Sequence from) const;
  [[nodiscard]] std::optional<Sequence> previous_there(Sequence before) const;
  // The first that is there and has a header, at `from` or behind.
  [[nodiscard]] std::optional<Sequence> next_with_header(Sequence from) const;

  // A scan of those that are there and that a filter matches. Each record looked at costs the
  // budget one. When that is spent the scan stops, and goes on from `next`.
  struct Found {
    std::optional<Sequence> found;
    // Where to go on; behind (before) the block's records when it is through.
    Sequence next;
    // Subjects must be read to go on: the records must be taken into memory.
    bool needs_records = false;
  };
  Found find_next(const Filter& filter, Sequence from, std::int64_t& budget);
  Found find_previous(const Filter& filter, Sequence before, std::int64_t& budget);
  struct Counted {
    std::uint64_t matched = 0;
    Sequence next;
    bool needs_records = false;
  };
  Counted count(const Filter& filter, Sequence from, std::int64_t& budget);

  // What there is of each of its subjects, in the order of their first appearance.
  struct SubjectUse {
    Sequence first, last;  // that are there
    std::uint32_t count = 0;
  };
  [[nodiscard]] std::vector<SubjectUse> subject_uses() const;
  // The number of a record's subject, removed or not. nullopt: no such record.
  [[nodiscard]] std::optional<std::uint32_t> subject_of(Sequence sequence) const;

  // ---- reading

  [[nodiscard]] bool in_memory() const { return !chunks_.empty(); }
  // One that is in memory and has not been removed. nullopt: not there. Views of this block.
  [[nodiscard]] std::optional<StoredMessage> load(Sequence sequence) const;
  // Where one lies in the file, removed or not. nullopt: no such record. For read_message().
  struct Place {
    std::uint64_t offset;
    std::uint32_t length;
  };
  [[nodiscard]] std::optional<Place> place_of(Sequence sequence) const;
  // Header and records, as read_block_records() returned them.
  void take_records(RecordChunks records) { chunks_ = std::move(records); }
  // What is not as the index says in `records`, which were read from the file. Any thread, as
  // make_end().
  struct Check {
    std::vector<Sequence> damaged;
    std::vector<Sequence> erased;
  };
  [[nodiscard]] Check check(const RecordChunks& records) const;
  // They are in the file, which is whole.
  void drop_records();
  [[nodiscard]] const BlockTrailer& trailer() const { return trailer_; }  // if opened from a file

 private:
  // nullopt: the subject is not in memory.
  std::optional<bool> matches(const Filter& filter, FilterMatches::Bits* bits,
                              std::uint32_t record);
  [[nodiscard]] FilterMatches::Bits* bits_of(const Filter& filter);
  [[nodiscard]] std::string_view text_of(std::uint32_t subject) const;
  // Of a record that has this sequence exactly.
  [[nodiscard]] std::optional<std::uint32_t> record_at(Sequence sequence) const;
  [[nodiscard]] bool is_removed(std::uint32_t record) const {
    return record < gone_ || (record > gone_ && removed_.contains(columns_.relative(record)));
  }
  // All before `from` are removed.
  void find_gone(std::uint32_t from);
  void count_removed(std::uint32_t record);
  // This record is about to lose its text: another one of its subject that is there serves. False:
  // there is none.
  bool leave_text(std::uint32_t record);

  BlockName name_;
  Sequence last_;
  WallTime first_time_, last_time_;
  bool sealed_ = false;
  BlockColumns columns_;
  RecordChunks chunks_;
  SubjectNumbers numbers_;  // while it is open
  FilterMatches matches_;
  RemovedSet removed_;
  std::uint32_t gone_ = 0;  // records at the front that are all removed; the next one is not
  std::uint32_t live_ = 0;
  std::uint64_t live_bytes_ = 0;
  BlockTrailer trailer_;
};

}  // namespace midge::store
