// Walks the tokens of a subject, one after the other. Holds a view of the caller's text.
//
//   Tokens tokens(subject);
//   do { use(tokens.take()); } while (!tokens.done());
//
// A text without dots is one token, and so is the empty text; `a.` has a second token that is
// empty.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "subject/text_bytes.h"

namespace midge::subject {

inline constexpr std::string_view kStar = "*";
inline constexpr std::string_view kTail = ">";

// The first dot in [begin, end), or `end`. Both lie within `context` (text_bytes.h).
inline const char* find_dot(const char* begin, const char* end, std::string_view context) {
  constexpr std::uint64_t kDots = 0x2e2e'2e2e'2e2e'2e2eU;
  for (; begin < end; begin += 8) {
    const std::uint64_t word = padded_word(begin, static_cast<std::size_t>(end - begin), context);
    const std::uint64_t dots = zero_bytes(word ^ kDots);
    if (dots != 0) return begin + (std::countr_zero(dots) >> 3);
  }
  return end;
}

class Tokens {
 public:
  Tokens() = default;  // to be assigned before use
  explicit Tokens(std::string_view text) : text_(text), next_(text.data()) {}

  [[nodiscard]] bool done() const { return next_ == nullptr; }
  // Must not be called when done.
  std::string_view take() {
    const char* begin = next_;
    const char* end = text_.data() + text_.size();
    const char* dot = find_dot(begin, end, text_);
    next_ = dot == end ? nullptr : dot + 1;
    return {begin, static_cast<std::size_t>(dot - begin)};
  }

 private:
  std::string_view text_;
  const char* next_ = nullptr;  // null: nothing left
};

// Such a subject can be published, but reaches nobody.
inline bool has_empty_token(std::string_view subject) {
  if (subject.empty() || subject.front() == '.' || subject.back() == '.') return true;
  return subject.find("..") != std::string_view::npos;
}

}  // namespace midge::subject
