// The targets of one interest or queue group, in the order they were added. Eight bytes: one target
// lives in the word itself, more in a list. All zero is not the empty set: construct it.
//
// Readers walk without a lock; one writer at a time changes it. Owns its list.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "subject/reclaimer.h"
#include "subject/slot_list.h"
#include "subject/target.h"

namespace midge::subject {

class TargetSet {
 public:
  // Any thread.
  void append_to(std::vector<Target>& into) const;

  // The target if there is exactly one. Any thread.
  [[nodiscard]] std::optional<Target> only() const;

  // The writer. What goes out of use is retired.
  void add(Target target, Reclaimer& reclaimer);
  void remove(Target target, Reclaimer& reclaimer);  // must be in the set
  [[nodiscard]] bool empty() const { return word_.load(std::memory_order_relaxed) == kNothing; }

  // Only while nobody reads: frees the list.
  void destroy();

 private:
  struct Policy {
    static std::uint64_t hash(std::uint64_t bits) {
      bits *= 0x9e3779b97f4a7c15U;  // slots count up: spread them
      return bits >> 32 ^ bits;
    }
  };
  using List = SlotList<Policy>;

  // No loop has the number 255, so a word with that top byte is the address of a list, or nothing.
  static constexpr std::uint64_t kListMark = 0xff00'0000'0000'0000U;
  static constexpr std::uint64_t kNothing = kListMark;

  static bool is_list(std::uint64_t word) { return (word & kListMark) == kListMark; }
  static List* list_of(std::uint64_t word) { return reinterpret_cast<List*>(word & ~kListMark); }
  void publish(List* list) {
    word_.store(reinterpret_cast<std::uint64_t>(list) | kListMark, std::memory_order_release);
  }

  std::atomic<std::uint64_t> word_{kNothing};
};

}  // namespace midge::subject
