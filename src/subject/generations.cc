#include "subject/generations.h"

#include "subject/tokens.h"

namespace midge::subject {
namespace {

enum Kind : std::uint64_t { kWild = 1, kFirst = 2, kSecond = 3 };

struct Beginning {
  std::string_view first;
  std::string_view second;  // of the second token only; empty if there is none
  std::string_view both;    // as one text
};

Beginning beginning_of(std::string_view subject) {
  Tokens tokens(subject);
  Beginning begin;
  begin.first = begin.both = tokens.take();
  if (tokens.done()) return begin;
  begin.second = tokens.take();
  begin.both = {subject.data(), begin.first.size() + 1 + begin.second.size()};
  return begin;
}

bool is_wildcard(std::string_view token) { return token == kStar || token == kTail; }

}  // namespace

Generations::Key Generations::key(AccountId account, std::string_view subject) const {
  Beginning begin = beginning_of(subject);
  return {cell(account, begin.first, kFirst), cell(account, begin.both, kSecond),
          cell(account, {}, kWild)};
}

void Generations::bump(AccountId account, std::string_view pattern) {
  Beginning begin = beginning_of(pattern);
  std::uint32_t changed = is_wildcard(begin.first)    ? cell(account, {}, kWild)
                          : is_wildcard(begin.second) ? cell(account, begin.first, kFirst)
                                                      : cell(account, begin.both, kSecond);
  cells_[changed].fetch_add(1, std::memory_order_release);
}

}  // namespace midge::subject
