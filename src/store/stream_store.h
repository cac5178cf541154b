// One stream's messages: blocks, what is known of each subject, what was removed. Everything that
// changes it goes to the loop's journal as well (file streams), so that a restart comes to the same
// state; a memory stream has no journal and is the same otherwise.
//
// It has no rules of its own: limits, retention and deduplication are decided above, by calls here.
// What costs more than a few microseconds is done in steps with a budget.
//
// Thread: the loop's. Views are valid until the next call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/env.h"
#include "store/fwd.h"
#include "store/ids.h"
#include "store/lost_sequences.h"
#include "store/message.h"
#include "store/subjects/filter.h"
#include "store/subjects/subject_tree.h"

namespace midge::store {

struct StreamFigures {
  Sequence first{1};  // of the messages there are; last + 1 if there are none
  Sequence last;      // the last ever given
  WallTime last_time{};
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // as nats-server counts them for this kind of storage
  std::uint64_t lost_messages = 0, lost_bytes = 0;  // to rot
};

// A unit of work that is done in steps: how much may be looked at before the caller must come back.
using Budget = std::int64_t;
// What a subject costs that a walk looks at, where a message of a scan costs one.
inline constexpr Budget kPerSubject = 8;
constexpr std::size_t subjects_for(Budget budget) {
  return static_cast<std::size_t>((budget + kPerSubject - 1) / kPerSubject);
}

struct StreamStoreOptions {
  StreamId id;
  std::string folder;  // of blocks; "" = memory
  std::uint32_t block_size = 8 << 20;
  Sequence first{1};           // of the first message
  PackedDisk* disk = nullptr;  // of the blocks, outlives the store; null: the environment's
};

class StreamStore {
 public:
  // `journal` may be null: a memory stream.
  StreamStore(io::Env& env, io::Loop& loop, Journal* journal, StreamStoreOptions options);
  ~StreamStore();

  // Files that are begun from now on are as this one makes them.
  void set_disk(PackedDisk& disk);
  // After recovery: what changes from now on goes there.
  void attach(Journal& journal);

  // ---- changes; each returns after memory has it. appended_to() says what must be durable first.

  // Gives the next sequence.
  Sequence append(const NewMessage& message);
  // The next message gets `next`: the sequences between are gaps. Only forward. `time`: when the
  // last of them was given to a message that did not stay; zero: to none.
  void skip_to(Sequence next, WallTime time = {});
  // False if there is no such message. `erase`: its bytes are overwritten with zeros.
  bool remove(Sequence sequence, bool erase = false);
  // Removes the oldest of a subject until no more than `most` are there. Reads none of them.
  void keep_newest(std::string_view subject, std::uint64_t most);
  // Removes all before `keep_from`; `keep_from` may be beyond the last: then the stream is empty
  // and goes on there. Returns how many were removed.
  std::uint64_t remove_front(Sequence keep_from);
  // Removes what `filter` matches below `below` (0 = all), but for the newest `keep` of it.
  std::uint64_t purge(const Filter& filter, Sequence below, std::uint64_t keep);

  // What the last change rests on: durable when the journal is there. Zero for memory streams.
  [[nodiscard]] JournalPosition appended_to() const;

  // ---- reading

  [[nodiscard]] const StreamFigures& figures() const;
  // Of the first message; it may have to be read for that. Zero if there is none.
  WallTime first_time();
  [[nodiscard]] std::size_t subject_count() const;
  // Gaps and removed ones between first and last.
  [[nodiscard]] std::uint64_t deleted_count() const;
  // Up to `limit` of their sequences, ascending, from `from` on.
  [[nodiscard]] std::vector<std::uint64_t> deleted(Sequence from, std::size_t limit) const;
  [[nodiscard]] bool is_there(Sequence sequence) const;
  // Errors: kNotFound; kIo (the disk; rot, which is reported to StoreEvents too).
  Result<StoredMessage> load(Sequence sequence);
  // Its size as `bytes` counts it, without loading it if it can be known. 0 if it is not there.
  [[nodiscard]] std::uint64_t size_of(Sequence sequence);
  // The first message at or after `from` that is there; nullopt: none.
  [[nodiscard]] std::optional<Sequence> next_there(Sequence from) const;
  // The same of those that have a header.
  [[nodiscard]] std::optional<Sequence> next_with_header(Sequence from) const;
  // The same of those that `filter` matches. With the budget spent: `found` is empty and `next`
  // says where to go on; at the end `next` is beyond the last.
  struct Found {
    std::optional<Sequence> found;
    Sequence next;
  };
  Result<Found> find_next(const Filter& filter, Sequence from, Budget& budget);
  // The last one before `before` (0 = of all).
  Result<std::optional<Sequence>> find_last(const Filter& filter, Sequence before = {});
  // The first message with this time or later; beyond the last if there is none.
  [[nodiscard]] Sequence first_at(WallTime time);

  // With `first` brought up to date. Null: no message on this subject.
  SubjectState* subject(std::string_view subject);
  SubjectTree& subjects();

  // How many messages `filter` matches at or after `from`. Exact; a long count goes on in steps.
  class Count;
  std::unique_ptr<Count> start_count(const Filter& filter, Sequence from);
  // True when done: then `count.matched()` is as of now. A message looked at costs one.
  bool step(Count& count, Budget& budget);

  // The removed ones are told, whatever removed them: (sequence, subject, size). For consumers'
  // pending counts.
  using OnRemoved = std::function<void(Sequence, std::string_view subject, std::uint64_t size)>;
  void set_on_removed(OnRemoved on_removed);

  // ---- rot

  // The messages that were lost to it.
  [[nodiscard]] const LostSequences& lost() const;
  // Messages up to before `next` had been there, and nobody knows them.
  void lose_up_to(Sequence next);
  // A file was found damaged; what could be read of it goes to another one, and with the next
  // checkpoint it goes to quarantine.
  struct Damage {
    std::string path, why;
    std::size_t lost;  // messages
  };
  using OnDamage = std::function<void(const Damage&)>;
  void set_on_damage(OnDamage on_damage);

  // ---- memory

  // Bytes held by messages that are in memory and by blocks' indexes, and by what is known of
  // subjects.
  struct MemoryUse {
    std::size_t blocks = 0, subjects = 0;
  };
  [[nodiscard]] MemoryUse memory_use() const;
  // Memory is short: what is in files is held no longer, and more is on its way there.
  void give_way();

  // ---- for the checkpoint and the end

  struct Parts;
  [[nodiscard]] Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

class StreamStore::Count {
 public:
  [[nodiscard]] std::uint64_t matched() const { return matched_; }
  // What changed between two steps, of what the filter matches: the caller tells, so that the count
  // is exact in the end.
  void appended(Sequence sequence, std::string_view subject) {
    (void)sequence;  // a scan comes to it
    if (by_subject_ && walk_.is_behind(subject)) ++matched_;
  }
  void removed(Sequence sequence, std::string_view subject) {
    const bool counted =
        by_subject_ ? walk_.is_behind(subject) : sequence >= from_ && sequence < at_;
    if (counted && matched_ > 0) --matched_;
  }

 private:
  friend class StreamStore;
  Filter filter_;
  Sequence from_;
  Sequence at_;              // a scan has come to here
  bool by_subject_ = false;  // else it is a scan of the messages
  std::uint64_t matched_ = 0;
  SubjectTree::Walk walk_{Filter{}};
};

}  // namespace midge::store
