#include "store/stream_store.h"

#include <algorithm>
#include <cstring>

#include "store/stream_parts.h"

namespace midge::store {
namespace {

// What nats-server counts for a message beside its own bytes.
constexpr std::uint64_t kFileOverhead = 30;
constexpr std::uint64_t kFileHeaderOverhead = 4;
constexpr std::uint64_t kMemoryOverhead = 16;

std::string_view number_bytes(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

StreamStore::Parts::Parts(io::Env& env, io::Loop& loop, Journal* journal, StreamStoreOptions given)
    : journal(journal),
      options(std::move(given)),
      plain_disk(env.disk(), env.entropy(), {}),
      blocks(env, loop, options.id, options.disk != nullptr ? *options.disk : plain_disk,
             options.folder, options.block_size) {
  figures.first = options.first;
  figures.last = options.first - 1;
  blocks.set_blocking(journal == nullptr && !options.folder.empty());
  blocks.on_found([this] { lose_damaged(); });
}

std::uint64_t StreamStore::Parts::counted(const MessageSize& size) const {
  if (options.folder.empty()) return size.bytes + kMemoryOverhead;
  return size.bytes + kFileOverhead + (size.has_header ? kFileHeaderOverhead : 0);
}

void StreamStore::Parts::record(RecordKind kind, std::string_view body) {
  if (journal != nullptr) appended_to = journal->append(options.id, kind, {&body, 1});
}

StreamStore::StreamStore(io::Env& env, io::Loop& loop, Journal* journal, StreamStoreOptions options)
    : parts_(std::make_unique<Parts>(env, loop, journal, std::move(options))) {}

StreamStore::~StreamStore() = default;

void StreamStore::set_disk(PackedDisk& disk) { parts_->blocks.set_disk(disk); }

void StreamStore::attach(Journal& journal) {
  parts_->journal = &journal;
  parts_->blocks.set_blocking(false);
}

// ---- changes

Sequence StreamStore::append(const NewMessage& message) {
  Parts& p = *parts_;
  const Sequence sequence = p.figures.last + 1;
  p.record(RecordKind::kMessage, p.blocks.append(sequence, message));

  SubjectState& state = p.subjects.insert(message.subject);
  if (state.count == 0) state.first = sequence;
  state.last = sequence;
  ++state.count;
  p.figures.last = sequence;
  p.figures.last_time = message.time;
  if (p.figures.messages++ == 0) {
    p.figures.first = sequence;
    p.take_first_time(message.time);
  }
  p.figures.bytes +=
      p.counted({message.subject.size() + message.header.size() + message.payload.size(),
                 !message.header.empty()});
  return sequence;
}

void StreamStore::skip_to(Sequence next, WallTime time) {
  Parts& p = *parts_;
  if (next <= p.figures.last + 1) return;
  std::string body(number_bytes(next.value));
  if (time.ns != 0) body += number_bytes(static_cast<std::uint64_t>(time.ns));
  p.record(RecordKind::kSkip, body);
  p.figures.last = next - 1;
  if (time.ns != 0) p.figures.last_time = time;
  if (p.figures.messages == 0) p.find_first();
}

std::optional<std::uint64_t> StreamStore::Parts::take_out(Sequence sequence) {
  Block* const block = blocks.containing(sequence);
  const auto removed = block == nullptr ? std::nullopt : block->remove(sequence);
  if (!removed) return std::nullopt;
  if (block->live() == 0) blocks.note_empty();
  const std::uint64_t size = counted(*removed);
  --figures.messages;
  figures.bytes -= size;
  return size;
}

void StreamStore::Parts::leave_subject(Sequence sequence, std::string_view subject,
                                       SubjectState* state, std::uint64_t size) {
  message_left_subject(sequence, subject, state);
  if (on_removed) on_removed(sequence, subject, size);
}

void StreamStore::Parts::forget(const StoredMessage& message) {
  if (const auto size = take_out(message.sequence))
    leave_subject(message.sequence, message.subject, subjects.find(message.subject), *size);
}

void StreamStore::Parts::message_left_subject(Sequence sequence, std::string_view subject,
                                              SubjectState* state) {
  if (state == nullptr) return;
  if (--state->count == 0) {
    subjects.erase(subject);
    return;
  }
  if (state->count == 1 && state->last != sequence) {
    state->first = state->last;
    state->first_is_stale = false;
    return;
  }
  if (state->first == sequence) {
    state->first = sequence + 1;
    state->first_is_stale = true;
  }
  if (state->last == sequence) state->last = previous_of(subject, sequence);
}

void StreamStore::Parts::find_first() {
  blocks.drop_empty();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks.at(i);
    for (auto there = block.next_there({0}); there; there = block.next_there(*there + 1)) {
      if (block.in_memory()) {
        // Few ask for its time, and each removal at the front would read a message.
        figures.first = *there;
        first_time_is_stale = true;
        return;
      }
      const auto message = blocks.load(*there);
      if (!message && !block.is_there(*there)) continue;  // it was just lost
      figures.first = *there;
      if (message) take_first_time(message->time);
      return;
    }
  }
  figures.first = figures.last + 1;
  take_first_time({});
}

void StreamStore::Parts::take_first_time(WallTime time) {
  first_time = time;
  first_time_is_stale = false;
}

void StreamStore::Parts::record_removal(Sequence sequence, bool erase) {
  char body[9];
  std::memcpy(body, &sequence.value, sizeof sequence.value);
  body[8] = erase ? 1 : 0;
  record(RecordKind::kRemove, {body, sizeof body});
}

void StreamStore::keep_newest(std::string_view subject, std::uint64_t most) {
  Parts& p = *parts_;
  // Looked up each time: who is told of a removal may change what is there.
  for (SubjectState* state = this->subject(subject); state != nullptr && state->count > most;
       state = this->subject(subject)) {
    const bool is_last_over = state->count == most + 1;
    const Sequence sequence = state->first;
    const auto size = p.take_out(sequence);
    if (!size) return;
    p.record_removal(sequence, false);
    p.leave_subject(sequence, subject, state, *size);
    if (sequence == p.figures.first) p.find_first();
    if (is_last_over) return;
  }
}

bool StreamStore::remove(Sequence sequence, bool erase) {
  Parts& p = *parts_;
  if (!is_there(sequence)) return false;
  p.record_removal(sequence, erase);
  const auto message = p.blocks.load(sequence);
  if (!message) {
    // What cannot be read is gone all the same: it must not come back.
    p.lose(sequence);
    p.lose_damaged();
    return true;
  }
  // The consumers' callback may load another message, which ends the life of this one's views.
  const std::string subject(message->subject);
  StoredMessage kept = *message;
  kept.subject = subject;
  p.forget(kept);
  if (erase) p.blocks.erase(sequence);
  if (sequence == p.figures.first) p.find_first();
  return true;
}

std::uint64_t StreamStore::remove_front(Sequence keep_from) {
  Parts& p = *parts_;
  if (keep_from <= p.figures.first && p.figures.messages > 0) return 0;
  p.record(RecordKind::kRemoveFront, number_bytes(keep_from.value));
  const std::uint64_t before = p.figures.messages;
  for (std::size_t i = 0; i < p.blocks.size() && p.blocks.at(i).first() < keep_from; ++i) {
    Block& block = p.blocks.at(i);
    // Without its records in memory each message is read by itself, or lost.
    (void)p.blocks.need_records(i);
    for (auto at = block.next_there({0}); at && *at < keep_from; at = block.next_there(*at + 1)) {
      const auto message = p.blocks.load(*at);
      if (message)
        p.forget(*message);
      else
        p.lose(*at);
    }
  }
  p.figures.last = std::max(p.figures.last, keep_from - 1);
  p.find_first();
  p.lose_damaged();
  return before - p.figures.messages;
}

std::uint64_t StreamStore::purge(const Filter& filter, Sequence below, std::uint64_t keep) {
  Parts& p = *parts_;
  const Sequence end = below.value == 0 ? p.figures.last + 1 : below;
  if (filter.is_all() && keep == 0) return remove_front(end);
  std::vector<Sequence> matching;
  Budget budget = INT64_MAX;
  for (Sequence at = p.figures.first; at < end;) {
    const auto found = find_next(filter, at, budget);
    if (!found || !found->found || *found->found >= end) break;
    matching.push_back(*found->found);
    at = *found->found + 1;
  }
  if (matching.size() <= keep) return 0;
  matching.resize(matching.size() - keep);
  for (const Sequence sequence : matching) remove(sequence, false);
  return matching.size();
}

JournalPosition StreamStore::appended_to() const { return parts_->appended_to; }

void StreamStore::set_on_removed(OnRemoved on_removed) {
  parts_->on_removed = std::move(on_removed);
}

// ---- rot

void StreamStore::set_on_damage(OnDamage on_damage) { parts_->on_damage = std::move(on_damage); }

const LostSequences& StreamStore::lost() const { return parts_->lost; }

void StreamStore::lose_up_to(Sequence next) {
  Parts& p = *parts_;
  if (next <= p.figures.last + 1) return;
  p.lost.add(p.figures.last + 1, next - 1);
  p.figures.lost_messages += next - p.figures.last - 1;
  skip_to(next);
}

void StreamStore::Parts::lose_damaged() {
  bool is_first = false;
  // Counting may read more, and find more.
  for (auto all = blocks.take_lost(); !all.empty(); all = blocks.take_lost())
    for (const BlockList::LostMessage& message : all) {
      count_lost(message);
      is_first |= message.sequence == figures.first;
    }
  if (is_first) find_first();
  for (const BlockList::Damage& damage : blocks.take_damages())
    if (on_damage) on_damage({damage.path, damage.why, damage.lost});
}

void StreamStore::Parts::count_lost(const BlockList::LostMessage& message) {
  const std::uint64_t size = counted(message.size);
  --figures.messages;
  figures.bytes -= size;
  ++figures.lost_messages;
  figures.lost_bytes += size;
  lost.add(message.sequence);
  if (message.subject.empty()) return;
  leave_subject(message.sequence, message.subject, subjects.find(message.subject), size);
}

void StreamStore::Parts::lose(Sequence sequence) {
  Block* block = blocks.containing(sequence);
  if (block == nullptr || !block->is_there(sequence)) return;
  BlockList::LostMessage message{sequence, block->size_of(sequence).value_or(MessageSize{}), {}};
  block->lose(sequence);
  if (block->live() == 0) blocks.note_empty();
  count_lost(message);
}

// ---- memory

StreamStore::MemoryUse StreamStore::memory_use() const {
  return {parts_->blocks.memory(), parts_->subjects.memory()};
}

void StreamStore::give_way() { parts_->blocks.give_way(); }

// ---- figures

const StreamFigures& StreamStore::figures() const { return parts_->figures; }

std::size_t StreamStore::subject_count() const { return parts_->subjects.size(); }

std::uint64_t StreamStore::deleted_count() const {
  const StreamFigures& f = parts_->figures;
  if (f.messages == 0) return 0;
  return f.last - f.first + 1 - f.messages;
}

std::vector<std::uint64_t> StreamStore::deleted(Sequence from, std::size_t limit) const {
  std::vector<std::uint64_t> all;
  const StreamFigures& f = parts_->figures;
  if (f.messages == 0) return all;
  for (Sequence at = std::max(from, f.first); at <= f.last && all.size() < limit;) {
    const Sequence there = next_there(at).value_or(f.last + 1);
    for (; at < there && all.size() < limit; ++at) all.push_back(at.value);
    at = there + 1;
  }
  return all;
}

}  // namespace midge::store
