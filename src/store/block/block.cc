#include "store/block/block.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/checksum.h"

namespace midge::store {

namespace {

// Of a NewMessage or a StoredMessage.
MessageSize message_size(const auto& message) {
  return {message.subject.size() + message.header.size() + message.payload.size(),
          !message.header.empty()};
}

}  // namespace

Block::Block(const BlockName& name, std::uint64_t salt)
    : name_(name), last_(name.first - 1), columns_(name.first, kBlockHeader), numbers_(salt) {
  write_block_header(chunks_.extend(kBlockHeader), name);
}

Block::Block(const BlockName& name, const BlockTrailer& trailer, BlockColumns columns)
    : name_(name),
      last_(trailer.last),
      first_time_(trailer.first_time),
      last_time_(trailer.last_time),
      sealed_(true),
      columns_(std::move(columns)),
      numbers_(0),
      live_(columns_.records()),
      live_bytes_(columns_.end() - kBlockHeader),
      trailer_(trailer) {}

bool Block::has_room(Sequence sequence, const NewMessage& message) const {
  return chunks_.size() + record_length(message) <= BlockColumns::kOffsetLimit &&
         sequence - name_.first <= 0xffff'ffffU;
}

std::string_view Block::append(Sequence sequence, const NewMessage& message) {
  ENSURE(!sealed_ && sequence > last_, "appended to a sealed block, or out of order");
  ENSURE(fits_a_record(message) && has_room(sequence, message), "a message that does not fit");
  const std::uint64_t offset = chunks_.size();
  const std::size_t length = record_length(message);
  char* const at = chunks_.extend(length);
  write_record(at, sequence, message);
  const std::uint32_t subject = numbers_.find_or_add(
      message.subject, subjects(), [this](std::uint32_t number) { return text_of(number); });
  columns_.append(sequence, offset, offset + length, message_size(message), subject);
  if (records() == 1) first_time_ = message.time;
  last_time_ = message.time;
  last_ = sequence;
  ++live_;
  live_bytes_ += length;
  return {at, length};
}

void Block::seal() {
  sealed_ = true;
  columns_.shrink();
  numbers_.clear();
}

std::string Block::make_end() const {
  DCHECK(sealed_ && in_memory(), "an open block, or one without its records, has no end");
  std::string end = write_block_index(columns_);
  BlockTrailer trailer;
  trailer.last = last_;
  trailer.first_time = first_time_;
  trailer.last_time = last_time_;
  trailer.records = records();
  trailer.subjects = subjects();
  trailer.index_offset = static_cast<std::uint32_t>(length());
  trailer.index_checksum = checksum(end);
  RunningChecksum running;
  for (const BlockPiece& piece : chunks_.pieces(0, length())) running.add(piece.bytes);
  trailer.records_checksum = running.value();
  end += write_subject_texts(subject_texts());
  end += write_block_trailer(trailer);
  return end;
}

SubjectTexts Block::subject_texts() const {
  SubjectTexts texts;
  for (std::uint32_t subject = 0; subject < subjects(); ++subject) {
    const std::string_view text = text_of(subject);
    texts.add(text.front() == '\0' ? std::string_view() : text);  // it was erased
  }
  return texts;
}

Block::Erased Block::erase(Sequence sequence) {
  const std::optional<std::uint32_t> record = record_at(sequence);
  ENSURE(record && is_removed(*record) && in_memory(), "what is erased must be removed and here");
  const bool has_other = leave_text(*record);
  const std::uint64_t offset = columns_.offset(*record);
  char* const at = chunks_.at(offset);
  const std::uint32_t length = columns_.length(*record);
  erase_record(at, length);
  return {offset, {at, length}, !has_other};
}

void Block::blank(Sequence sequence) {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record) return;
  // Nobody knows what was which: the sizes of the parts are only right in sum.
  MessageSize size = columns_.size(*record);
  std::string zeros(size.bytes, '\0');
  const std::string_view all(zeros);
  const std::size_t header = size.has_header && size.bytes > 1 ? 1 : 0;
  char* const at = chunks_.at(columns_.offset(*record));
  write_record(at, sequence, {all.substr(0, 1), all.substr(1, header), all.substr(1 + header), {}});
  erase_record(at, columns_.length(*record));
}

Sequence Block::first() const { return records() == 0 ? last_ + 1 : columns_.sequence(0); }

std::size_t Block::memory() const {
  return sizeof(*this) + columns_.memory() + chunks_.memory() + numbers_.memory() +
         matches_.memory() + removed_.memory();
}

std::optional<std::uint32_t> Block::record_at(Sequence sequence) const {
  if (sequence > last_) return std::nullopt;
  const std::uint32_t record = columns_.record_from(sequence);
  if (record == records() || columns_.sequence(record) != sequence) return std::nullopt;
  return record;
}

// ---- removed records

void Block::count_removed(std::uint32_t record) {
  --live_;
  live_bytes_ -= columns_.length(record);
  if (record == gone_) find_gone(record + 1);
}

void Block::find_gone(std::uint32_t from) {
  for (gone_ = from; gone_ < records() && removed_.contains(columns_.relative(gone_));) ++gone_;
}

std::optional<MessageSize> Block::remove(Sequence sequence) {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record || *record < gone_ || !removed_.add(columns_.relative(*record))) return std::nullopt;
  count_removed(*record);
  return columns_.size(*record);
}

bool Block::leave_text(std::uint32_t record) {
  const std::uint32_t subject = columns_.subject(record);
  if (columns_.text_record(subject) != record) return true;
  for (std::uint32_t other = 0; other < records(); ++other)
    if (columns_.subject(other) == subject && other != record && !is_removed(other)) {
      columns_.set_text_record(subject, other);
      return true;
    }
  return false;
}

bool Block::lose(Sequence sequence) {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (record) leave_text(*record);
  return remove(sequence).has_value();
}

std::uint32_t Block::remove_before(Sequence sequence) {
  std::uint32_t count = 0;
  const std::uint32_t end = columns_.record_from(sequence);
  for (std::uint32_t record = gone_; record < end; ++record) {
    if (is_removed(record)) continue;
    removed_.add(columns_.relative(record));
    --live_;
    live_bytes_ -= columns_.length(record);
    ++count;
  }
  if (end > gone_) find_gone(end);
  return count;
}

void Block::renumber(std::uint32_t number) {
  name_.number = number;
  write_block_header(chunks_.at(0), name_);
}

void Block::set_removed(const RemovedSet& removed) {
  for (std::uint32_t record = 0; record < records(); ++record)
    if (removed.contains(columns_.relative(record)) && !is_removed(record)) {
      removed_.add(columns_.relative(record));
      count_removed(record);
    }
}

// ---- finding

bool Block::is_there(Sequence sequence) const {
  const std::optional<std::uint32_t> record = record_at(sequence);
  return record && !is_removed(*record);
}

std::optional<MessageSize> Block::size_of(Sequence sequence) const {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record || is_removed(*record)) return std::nullopt;
  return columns_.size(*record);
}

std::optional<Sequence> Block::next_there(Sequence from) const {
  std::uint32_t record = std::max(columns_.record_from(from), gone_);
  while (record < records() && is_removed(record)) ++record;
  if (record == records()) return std::nullopt;
  return columns_.sequence(record);
}

std::optional<Sequence> Block::previous_there(Sequence before) const {
  for (std::uint32_t record = columns_.record_from(before); record > gone_; --record)
    if (!is_removed(record - 1)) return columns_.sequence(record - 1);
  return std::nullopt;
}

std::optional<Sequence> Block::next_with_header(Sequence from) const {
  for (std::uint32_t record = std::max(columns_.record_from(from), gone_); record < records();
       ++record)
    if (columns_.has_header(record) && !is_removed(record)) return columns_.sequence(record);
  return std::nullopt;
}

std::string_view Block::text_of(std::uint32_t subject) const {
  return view_record(chunks_.at(columns_.offset(columns_.text_record(subject)))).message.subject;
}

std::optional<bool> Block::matches(const Filter& filter, FilterMatches::Bits* bits,
                                   std::uint32_t record) {
  if (bits == nullptr) return true;
  const std::uint32_t subject = columns_.subject(record);
  std::optional<bool> known = bits->get(subject);
  if (!known && in_memory()) {
    known = filter.matches(text_of(subject));
    bits->set(subject, *known);
  }
  return known;
}

FilterMatches::Bits* Block::bits_of(const Filter& filter) {
  return filter.is_all() ? nullptr : &matches_.of(filter);
}

Block::Found Block::find_next(const Filter& filter, Sequence from, std::int64_t& budget) {
  FilterMatches::Bits* const bits = bits_of(filter);
  std::uint32_t record = std::max(columns_.record_from(from), gone_);
  if (bits != nullptr && bits->none_of(subjects())) record = records();
  for (; record < records(); ++record) {
    const Sequence sequence = columns_.sequence(record);
    if (budget <= 0) return {std::nullopt, sequence, false};
    --budget;
    if (is_removed(record)) continue;
    const std::optional<bool> wanted = matches(filter, bits, record);
    if (!wanted) return {std::nullopt, sequence, true};
    if (*wanted) return {sequence, sequence + 1, false};
  }
  return {std::nullopt, std::max(from, last_ + 1), false};
}

Block::Found Block::find_previous(const Filter& filter, Sequence before, std::int64_t& budget) {
  FilterMatches::Bits* const bits = bits_of(filter);
  std::uint32_t record = columns_.record_from(before);
  if (bits != nullptr && bits->none_of(subjects())) record = 0;
  for (; record > gone_; --record) {
    const Sequence sequence = columns_.sequence(record - 1);
    if (budget <= 0) return {std::nullopt, sequence + 1, false};
    --budget;
    if (is_removed(record - 1)) continue;
    const std::optional<bool> wanted = matches(filter, bits, record - 1);
    if (!wanted) return {std::nullopt, sequence + 1, true};
    if (*wanted) return {sequence, sequence, false};
  }
  return {std::nullopt, std::min(before, name_.first), false};
}

Block::Counted Block::count(const Filter& filter, Sequence from, std::int64_t& budget) {
  FilterMatches::Bits* const bits = bits_of(filter);
  std::uint32_t record = std::max(columns_.record_from(from), gone_);
  if (bits != nullptr && bits->none_of(subjects())) record = records();
  Counted counted;
  if (bits == nullptr && record <= gone_) {
    counted.matched = live_;
    record = records();
  }
  for (; record < records(); ++record) {
    counted.next = columns_.sequence(record);
    if (budget <= 0) return counted;
    --budget;
    if (is_removed(record)) continue;
    const std::optional<bool> wanted = matches(filter, bits, record);
    counted.needs_records = !wanted;
    if (!wanted) return counted;
    if (*wanted) ++counted.matched;
  }
  counted.next = std::max(from, last_ + 1);
  return counted;
}

std::vector<Block::SubjectUse> Block::subject_uses() const {
  std::vector<SubjectUse> uses(subjects());
  for (std::uint32_t record = gone_; record < records(); ++record) {
    if (is_removed(record)) continue;
    SubjectUse& use = uses[columns_.subject(record)];
    if (use.count++ == 0) use.first = columns_.sequence(record);
    use.last = columns_.sequence(record);
  }
  return uses;
}

std::optional<std::uint32_t> Block::subject_of(Sequence sequence) const {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record) return std::nullopt;
  return columns_.subject(*record);
}

// ---- reading

std::optional<StoredMessage> Block::load(Sequence sequence) const {
  DCHECK(in_memory(), "the records are in the file only");
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record || is_removed(*record)) return std::nullopt;
  return view_record(chunks_.at(columns_.offset(*record))).message;
}

std::optional<Block::Place> Block::place_of(Sequence sequence) const {
  const std::optional<std::uint32_t> record = record_at(sequence);
  if (!record) return std::nullopt;
  return Place{columns_.offset(*record), columns_.length(*record)};
}

Block::Check Block::check(const RecordChunks& chunks) const {
  Check result;
  for (std::uint32_t record = 0; record < records(); ++record) {
    const std::uint32_t length = columns_.length(record);
    const Sequence sequence = columns_.sequence(record);
    const Result<Record> read = read_record({chunks.at(columns_.offset(record)), length});
    if (!read || read->length != length || read->message.sequence != sequence ||
        message_size(read->message) != columns_.size(record))
      result.damaged.push_back(sequence);
    else if (read->erased)
      result.erased.push_back(sequence);
  }
  return result;
}

void Block::drop_records() {
  ENSURE(sealed_, "an open block keeps its records");
  chunks_.clear();
}

}  // namespace midge::store
