// Counters that tell whether a match may have changed since it was computed.
//
// A subscription bumps exactly one counter, by what it begins with: its first two tokens if both
// are literal (or its only token), else its first token, else the account alone. A published
// subject is reached through three of them. Counters are shared by hash: a cell too many changes,
// never too few.
//
// Any thread. bump() comes after the change, read() before the match.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "subject/interest_index.h"
#include "subject/text_hash.h"
#include "subject/zeroed_array.h"

namespace midge::subject {

class Generations {
 public:
  using Key = InterestIndex::GenerationKey;

  explicit Generations(const TextHash& hash) : hash_(hash), cells_(kCells) {}

  [[nodiscard]] Key key(AccountId account, std::string_view subject) const;
  [[nodiscard]] std::uint64_t read(Key key) const {
    return load(key.first) + load(key.second) + load(key.wild);
  }
  // The counter that a subscription to `pattern` bumps. Asked for before the change, so that it is
  // at hand after it.
  using Cell = std::atomic<std::uint32_t>;
  Cell& cell_of(AccountId account, std::string_view pattern);
  static void bump(Cell& cell) { cell.fetch_add(1, std::memory_order_release); }

 private:
  // 256 KiB, of which only touched pages are resident.
  static constexpr std::uint32_t kCells = 1U << 16;

  [[nodiscard]] std::uint64_t load(std::uint32_t cell) const {
    return cells_[cell % kCells].load(std::memory_order_acquire);
  }
  // What a subject begins with, as hashes.
  struct Beginning {
    std::uint64_t first;   // of the first token
    std::uint64_t second;  // of the first two tokens, or of the only one
    bool first_is_wild;
    bool second_is_wild;
  };
  [[nodiscard]] Beginning beginning_of(AccountId account, std::string_view subject) const;
  [[nodiscard]] std::uint64_t wild(AccountId account) const { return hash_.pair(account.value, 0); }

  const TextHash hash_;
  ZeroedArray<Cell> cells_;
};

}  // namespace midge::subject
