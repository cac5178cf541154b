// Reading a stream's messages: one by one, the next that a filter matches, how many there are.
#include <algorithm>
#include <limits>
#include <utility>

#include "store/stream_parts.h"

namespace midge::store {

bool StreamStore::is_there(Sequence sequence) const {
  const Block* block = parts_->blocks.containing(sequence);
  return block != nullptr && block->is_there(sequence);
}

Result<StoredMessage> StreamStore::load(Sequence sequence) {
  auto message = parts_->blocks.load(sequence);
  if (!message) parts_->lose_damaged();
  return message;
}

WallTime StreamStore::first_time() {
  Parts& p = *parts_;
  // One that turns out to be lost is the first no more.
  while (std::exchange(p.first_time_is_stale, false)) {
    const auto first = load(p.figures.first);
    if (first) p.first_time = first->time;
  }
  return p.first_time;
}

std::uint64_t StreamStore::size_of(Sequence sequence) {
  const Block* block = parts_->blocks.containing(sequence);
  if (block == nullptr) return 0;
  const auto size = block->size_of(sequence);
  return size ? parts_->counted(*size) : 0;
}

std::optional<Sequence> StreamStore::next_there(Sequence from) const {
  const BlockList& blocks = parts_->blocks;
  for (std::size_t i = blocks.place_of(from); i < blocks.size(); ++i)
    if (const auto there = blocks.at(i).next_there(from)) return there;
  return std::nullopt;
}

std::optional<Sequence> StreamStore::next_with_header(Sequence from) const {
  const BlockList& blocks = parts_->blocks;
  for (std::size_t i = blocks.place_of(from); i < blocks.size(); ++i)
    if (const auto found = blocks.at(i).next_with_header(from)) return found;
  return std::nullopt;
}

Result<StreamStore::Found> StreamStore::find_next(const Filter& filter, Sequence from,
                                                  Budget& budget) {
  Parts& p = *parts_;
  const Sequence end = p.figures.last + 1;
  Sequence at = std::max(from, p.figures.first);
  if (const std::string_view literal = filter.literal(); !literal.empty()) {
    const SubjectState* state = p.subjects.find(literal);
    if (state == nullptr || state->last < at) return Found{std::nullopt, end};
    if (state->count == 1) return Found{state->last, state->last + 1};
    at = std::max(at, state->first);
  }
  for (std::size_t i = p.blocks.place_of(at); i < p.blocks.size();) {
    const Block::Found found = p.blocks.at(i).find_next(filter, at, budget);
    if (found.needs_records) {
      TRY(p.blocks.need_records(i));
      p.lose_damaged();
      continue;
    }
    if (found.found) return Found{found.found, *found.found + 1};
    if (found.next <= p.blocks.at(i).last()) return Found{std::nullopt, found.next};
    at = std::max(at, found.next);
    ++i;
  }
  return Found{std::nullopt, end};
}

Result<std::optional<Sequence>> StreamStore::find_last(const Filter& filter, Sequence before) {
  Parts& p = *parts_;
  if (before.value == 0) before = p.figures.last + 1;
  if (const std::string_view literal = filter.literal(); !literal.empty()) {
    const SubjectState* state = p.subjects.find(literal);
    if (state == nullptr) return std::nullopt;
    if (state->last < before) return state->last;
  }
  Budget budget = std::numeric_limits<Budget>::max();
  for (std::size_t i = std::min(p.blocks.place_of(before) + 1, p.blocks.size()); i > 0;) {
    const Block::Found found = p.blocks.at(i - 1).find_previous(filter, before, budget);
    if (found.needs_records) {
      TRY(p.blocks.need_records(i - 1));
      p.lose_damaged();
      continue;
    }
    if (found.found) return found.found;
    --i;
  }
  return std::nullopt;
}

Sequence StreamStore::first_at(WallTime time) {
  Parts& p = *parts_;
  for (std::size_t i = 0; i < p.blocks.size(); ++i) {
    Block& block = p.blocks.at(i);
    if (block.last_time() < time) continue;
    for (auto at = block.next_there({0}); at; at = block.next_there(*at + 1)) {
      const auto message = p.blocks.load(*at);
      if (message && message->time >= time) return *at;
    }
  }
  return p.figures.last + 1;
}

Sequence StreamStore::Parts::next_of(std::string_view subject, Sequence from) {
  const Filter filter({std::string(subject)});
  Budget budget = std::numeric_limits<Budget>::max();
  for (std::size_t i = blocks.place_of(from); i < blocks.size();) {
    const Block::Found found = blocks.at(i).find_next(filter, from, budget);
    if (found.needs_records && blocks.need_records(i)) continue;
    if (found.found) return *found.found;
    ++i;
  }
  return {};
}

Sequence StreamStore::Parts::previous_of(std::string_view subject, Sequence before) {
  const Filter filter({std::string(subject)});
  Budget budget = std::numeric_limits<Budget>::max();
  for (std::size_t i = std::min(blocks.place_of(before) + 1, blocks.size()); i > 0;) {
    const Block::Found found = blocks.at(i - 1).find_previous(filter, before, budget);
    if (found.needs_records && blocks.need_records(i - 1)) continue;
    if (found.found) return *found.found;
    --i;
  }
  return {};
}

void StreamStore::Parts::bring_up_to_date(std::string_view subject, SubjectState& state) {
  if (!std::exchange(state.first_is_stale, false)) return;
  state.first = next_of(subject, state.first);
}

SubjectState* StreamStore::subject(std::string_view subject) {
  SubjectState* state = parts_->subjects.find(subject);
  if (state != nullptr) parts_->bring_up_to_date(subject, *state);
  return state;
}

SubjectTree& StreamStore::subjects() { return parts_->subjects; }

// ---- counting

std::unique_ptr<StreamStore::Count> StreamStore::start_count(const Filter& filter, Sequence from) {
  auto count = std::make_unique<Count>();
  count->filter_ = filter;
  count->from_ = count->at_ = std::max(from, parts_->figures.first);
  // From the front on the subjects' counts say it.
  count->by_subject_ = from <= parts_->figures.first;
  count->walk_ = SubjectTree::Walk(filter);
  return count;
}

bool StreamStore::step(Count& count, Budget& budget) {
  Parts& p = *parts_;
  if (count.filter_.is_all() && count.by_subject_) {
    count.matched_ = p.figures.messages;
    return true;
  }
  if (!count.by_subject_) return p.scan(count, budget);
  if (budget <= 0) return false;
  p.subjects.step(count.walk_, subjects_for(budget), [&](std::string_view, SubjectState& state) {
    budget -= kPerSubject;
    count.matched_ += state.count;
    return true;
  });
  if (count.walk_.done()) return true;
  budget = 0;
  return false;
}

bool StreamStore::Parts::scan(Count& count, Budget& budget) {
  while (count.at_ <= figures.last) {
    if (budget <= 0) return false;
    const std::size_t i = blocks.place_of(count.at_);
    if (i >= blocks.size()) break;
    Block& block = blocks.at(i);
    if (count.filter_.is_all() && count.at_ <= block.first()) {
      count.matched_ += block.live();
      count.at_ = block.last() + 1;
      --budget;
      continue;
    }
    const Block::Counted counted = block.count(count.filter_, count.at_, budget);
    count.matched_ += counted.matched;
    count.at_ = std::max(count.at_, counted.next);
    if (!counted.needs_records) continue;
    if (blocks.need_records(i)) continue;
    count.at_ = block.last() + 1;  // lost to the disk
  }
  return true;
}

}  // namespace midge::store
