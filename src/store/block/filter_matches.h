// Which subjects of a block some filters match, as far as they were asked: a filter looks at each
// subject's text once, however often the block is scanned.
//
// It remembers a few filters; with more of them at once, answers are right and only slower. Scans
// ask subject by subject, so that no step is ever longer for a block of many subjects.
//
// Thread: the block's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/subjects/filter.h"

namespace midge::store {

class FilterMatches {
 public:
  class Bits {
   public:
    // nullopt: not asked yet.
    [[nodiscard]] std::optional<bool> get(std::uint32_t subject) const {
      const std::size_t word = subject / 32;
      if (word >= words_.size()) return std::nullopt;
      const std::uint64_t pair = words_[word] >> (subject % 32 * 2) & 3;
      if (pair == 0) return std::nullopt;
      return pair == 3;
    }
    void set(std::uint32_t subject, bool matches);
    // All of `subjects` were asked, and none matches.
    [[nodiscard]] bool none_of(std::uint32_t subjects) const {
      return matched_ == 0 && known_ == subjects;
    }

   private:
    friend class FilterMatches;
    std::vector<std::uint64_t> words_;  // two bits a subject: known, matches
    std::uint32_t known_ = 0;
    std::uint32_t matched_ = 0;
  };

  // Valid until the next call.
  Bits& of(const Filter& filter);
  void clear();
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Entry {
    Filter filter;
    Bits bits;
    std::uint64_t used = 0;
  };
  static constexpr std::size_t kFilters = 4;
  std::vector<Entry> entries_;
  std::uint64_t clock_ = 0;
};

}  // namespace midge::store
