#include "subject/generations.h"

#include "subject/tokens.h"

namespace midge::subject {
namespace {

bool is_wild(std::string_view token) { return token == kStar || token == kTail; }

}  // namespace

Generations::Beginning Generations::beginning_of(AccountId account,
                                                 std::string_view subject) const {
  Tokens tokens(subject);
  std::string_view first = tokens.take();
  std::uint64_t first_hash = hash_(first, account.value, subject);
  if (tokens.done()) return {first_hash, hash_.pair(first_hash, 0), is_wild(first), false};
  std::string_view second = tokens.take();
  std::uint64_t second_hash = hash_(second, first_hash, subject);
  return {first_hash, second_hash, is_wild(first), is_wild(second)};
}

Generations::Key Generations::key(AccountId account, std::string_view subject) const {
  Beginning begin = beginning_of(account, subject);
  return {static_cast<std::uint32_t>(begin.first), static_cast<std::uint32_t>(begin.second),
          static_cast<std::uint32_t>(wild(account))};
}

Generations::Cell& Generations::cell_of(AccountId account, std::string_view pattern) {
  Beginning begin = beginning_of(account, pattern);
  std::uint64_t changed = begin.first_is_wild    ? wild(account)
                          : begin.second_is_wild ? begin.first
                                                 : begin.second;
  Cell& cell = cells_[static_cast<std::uint32_t>(changed) % kCells];
  __builtin_prefetch(&cell, 1);
  return cell;
}

}  // namespace midge::subject
