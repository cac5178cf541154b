// Numbers of the subjects of one open block. The texts lie in the block's records; here is only a
// table of hashes, which grows by doubling.
//
// Thread: its owner's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace midge::store {

class SubjectNumbers {
 public:
  // The salt is random: nobody can choose subjects that collide.
  explicit SubjectNumbers(std::uint64_t salt) : salt_(salt) {}

  // The number of `subject`, or `next` if it has none: then it has that from now on.
  // text_of(number) is a subject's text.
  template <class TextOf>
  std::uint32_t find_or_add(std::string_view subject, std::uint32_t next, TextOf&& text_of) {
    if (used_ * 4 >= slots_.size() * 3) grow();
    const std::uint32_t hash = hash_of(subject);
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].number_behind != 0; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t number = slots_[at].number_behind - 1;
      if (slots_[at].hash == hash && text_of(number) == subject) return number;
    }
    slots_[at] = {hash, next + 1};
    ++used_;
    return next;
  }
  void clear() {
    slots_ = {};
    used_ = 0;
  }
  [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number_behind = 0;  // the number + 1; 0: empty
  };
  [[nodiscard]] std::uint32_t hash_of(std::string_view subject) const;
  void grow();

  std::uint64_t salt_;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace midge::store
