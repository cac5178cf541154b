// Yes or no by subject, remembered: what a session's permissions said of deliveries. Bounded, set
// associative; a subject that is displaced is asked for again. Thread: the session's loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "subject/text_bytes.h"
#include "subject/text_hash.h"

namespace midge::broker {

class AnswerCache {
 public:
  static constexpr std::size_t kSizeMax = 1024;
  static constexpr std::size_t kSubjectMax = 56;  // longer ones are not kept

  explicit AnswerCache(std::uint64_t salt) : hash_(salt) {}

  // The answer for `subject`; `compute()` is called if it is not known.
  template <class Compute>
  bool find(std::string_view subject, Compute compute) {
    if (subject.empty() || subject.size() > kSubjectMax) return compute();
    const std::uint64_t hash = hash_(subject, 0);
    if (entries_ != nullptr) {
      const Entry* set = set_of(hash);
      for (const Entry* entry = set; entry < set + kWays; ++entry) {
        if (entry->tag == tag_of(hash) && subject::text_equal(entry->text(), subject))
          return entry->yes;
      }
    }
    const bool yes = compute();
    keep(subject, hash, yes);
    return yes;
  }

 private:
  static constexpr std::size_t kWays = 4;

  // One line of the processor's cache.
  struct alignas(64) Entry {
    std::uint32_t tag = 0;  // of the hash, so that few texts are compared in vain
    std::uint8_t size = 0;  // 0 = free
    bool yes = false;
    std::array<char, kSubjectMax> bytes{};

    [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
  };
  static_assert(sizeof(Entry) == 64);

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] Entry* set_of(std::uint64_t hash) const {
    return &entries_[(hash & (size_ / kWays - 1)) * kWays];
  }

  void keep(std::string_view subject, std::uint64_t hash, bool yes) {
    if (entries_ == nullptr) resize(kWays);
    Entry* entry = free_in(set_of(hash));
    if (entry == nullptr) {
      if (++displaced_ > size_ / 2 && size_ < kSizeMax) grow();
      entry = free_in(set_of(hash));
      if (entry == nullptr) entry = set_of(hash) + displaced_ % kWays;
    }
    entry->tag = tag_of(hash);
    entry->size = static_cast<std::uint8_t>(subject.size());
    entry->yes = yes;
    std::memcpy(entry->bytes.data(), subject.data(), subject.size());
  }
  static Entry* free_in(Entry* set) {
    for (Entry* entry = set; entry < set + kWays; ++entry)
      if (entry->size == 0) return entry;
    return nullptr;
  }
  void resize(std::size_t size) {
    entries_ = std::make_unique<Entry[]>(size);
    size_ = size;
    displaced_ = 0;
  }
  void grow() {
    const auto old = std::move(entries_);
    const std::size_t old_size = size_;
    resize(old_size * 4);
    for (std::size_t i = 0; i < old_size; ++i) {
      if (old[i].size == 0) continue;
      if (Entry* entry = free_in(set_of(hash_(old[i].text(), 0)))) *entry = old[i];
    }
  }

  subject::TextHash hash_;
  std::unique_ptr<Entry[]> entries_;
  std::size_t size_ = 0;       // a power of two
  std::size_t displaced_ = 0;  // since it grew last
};

}  // namespace midge::broker
