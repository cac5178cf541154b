// What is known of a block's records without reading them: sequence, place and subject of each, as
// columns. A record's number is its row.
//
// While sequences follow one another without gaps their column is not stored.
//
// Thread: its owner's.
#pragma once

#include <cstdint>
#include <vector>

#include "store/block/record.h"
#include "store/ids.h"

namespace midge::store {

class BlockColumns {
 public:
  // Offsets must be below.
  static constexpr std::uint64_t kOffsetLimit = std::uint64_t{1} << 31;

  BlockColumns() = default;
  // Records will begin at the offset `begin`.
  BlockColumns(Sequence first, std::uint64_t begin) : first_(first), end_(begin) {}

  // `end` is the offset behind the record, where the next one begins.
  void append(Sequence sequence, std::uint64_t offset, std::uint64_t end, MessageSize size,
              std::uint32_t subject);
  void reserve(std::uint32_t records, std::uint32_t subjects);
  // There will be no more: it gives back what it does not need.
  void shrink();

  [[nodiscard]] std::uint32_t records() const { return static_cast<std::uint32_t>(places_.size()); }
  [[nodiscard]] std::uint32_t subjects() const { return static_cast<std::uint32_t>(texts_.size()); }
  [[nodiscard]] Sequence first() const { return first_; }  // that the block could hold
  [[nodiscard]] std::uint64_t end() const { return end_; }

  [[nodiscard]] std::uint32_t relative(std::uint32_t record) const {
    return relatives_.empty() ? record : relatives_[record];
  }
  [[nodiscard]] Sequence sequence(std::uint32_t record) const { return first_ + relative(record); }
  [[nodiscard]] std::uint64_t offset(std::uint32_t record) const {
    return std::uint64_t{places_[record] >> 4} * 8;
  }
  [[nodiscard]] std::uint32_t length(std::uint32_t record) const {
    const std::uint64_t behind = record + 1 < records() ? offset(record + 1) : end_;
    return static_cast<std::uint32_t>(behind - offset(record));
  }
  [[nodiscard]] MessageSize size(std::uint32_t record) const;
  [[nodiscard]] bool has_header(std::uint32_t record) const;
  [[nodiscard]] std::uint32_t subject(std::uint32_t record) const { return subjects_[record]; }
  // A record that has the subject's text: the first, until that loses it.
  [[nodiscard]] std::uint32_t text_record(std::uint32_t subject) const { return texts_[subject]; }
  // False if it is a record of another subject.
  bool set_text_record(std::uint32_t subject, std::uint32_t record);
  // The first record whose sequence is not lower; records() if there is none.
  [[nodiscard]] std::uint32_t record_from(Sequence sequence) const;
  [[nodiscard]] std::uint32_t place(std::uint32_t record) const { return places_[record]; }

  [[nodiscard]] std::size_t memory() const;

 private:
  Sequence first_;
  std::uint64_t end_ = 0;                 // of the last record, as an offset
  std::vector<std::uint32_t> relatives_;  // sequences less first_; empty: 0, 1, 2 …
  std::vector<std::uint32_t> places_;     // as in the file
  std::vector<std::uint32_t> subjects_;
  std::vector<std::uint32_t> texts_;
};

}  // namespace midge::store
