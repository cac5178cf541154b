// What a StreamStore is made of, for its own files only: stream_store.cc (changes),
// stream_reading.cc.
#pragma once

#include <optional>

#include "store/block_list.h"
#include "store/journal/journal.h"
#include "store/stream_store.h"

namespace midge::store {

struct StreamStore::Parts {
  Parts(io::Env& env, io::Loop& loop, Journal* journal, StreamStoreOptions options);

  Journal* journal;
  StreamStoreOptions options;
  StreamFigures figures;
  WallTime first_time{};  // of the message `figures.first`, unless:
  bool first_time_is_stale = false;
  PackedDisk plain_disk;  // where no other was given
  BlockList blocks;
  SubjectTree subjects;
  JournalPosition appended_to;
  OnRemoved on_removed;
  OnDamage on_damage;
  LostSequences lost;

  [[nodiscard]] std::uint64_t counted(const MessageSize& size) const;
  void record(RecordKind kind, std::string_view body);
  void record_removal(Sequence sequence, bool erase);
  // Its block forgets a message, and so do the figures. What was counted for it; nullopt: it is not
  // there. Then what knows its subject is to be told, by leave_subject().
  std::optional<std::uint64_t> take_out(Sequence sequence);
  // `state`: of the subject; null: it is not known.
  void leave_subject(Sequence sequence, std::string_view subject, SubjectState* state,
                     std::uint64_t size);
  void forget(const StoredMessage& message);
  void message_left_subject(Sequence sequence, std::string_view subject, SubjectState* state);
  // After something left the front.
  void find_first();
  void take_first_time(WallTime time);
  // The nearest message of this subject at or behind `from`, or before it.
  [[nodiscard]] Sequence next_of(std::string_view subject, Sequence from);
  [[nodiscard]] Sequence previous_of(std::string_view subject, Sequence before);
  void bring_up_to_date(std::string_view subject, SubjectState& state);
  // A step of a count, message by message.
  bool scan(Count& count, Budget& budget);
  // What was found damaged is counted as lost, and told.
  void lose_damaged();
  void count_lost(const BlockList::LostMessage& message);
  // It is there, and cannot be read now, but must go.
  void lose(Sequence sequence);
};

}  // namespace midge::store
