// Walks the tokens of a subject, one after the other. Holds a view of the caller's text.
//
//   Tokens tokens(subject);
//   do { use(tokens.take()); } while (!tokens.done());
//
// A text without dots is one token, and so is the empty text; `a.` has a second token that is empty.
#pragma once

#include <cstddef>
#include <string_view>

namespace midge::subject {

inline constexpr std::string_view kStar = "*";
inline constexpr std::string_view kTail = ">";

class Tokens {
 public:
  Tokens() = default;  // to be assigned before use
  explicit Tokens(std::string_view text) : next_(text.data()), end_(next_ + text.size()) {}

  [[nodiscard]] bool done() const { return next_ == nullptr; }
  // Must not be called when done.
  std::string_view take() {
    const char* begin = next_;
    const char* dot = find_dot(begin, end_);
    next_ = dot == end_ ? nullptr : dot + 1;
    return {begin, static_cast<std::size_t>(dot - begin)};
  }

 private:
  // Tokens are short: a loop beats a call of memchr.
  static const char* find_dot(const char* begin, const char* end) {
    while (begin != end && *begin != '.') ++begin;
    return begin;
  }

  const char* next_;  // null: nothing left
  const char* end_;
};

// Such a subject can be published, but reaches nobody.
inline bool has_empty_token(std::string_view subject) {
  if (subject.empty() || subject.front() == '.' || subject.back() == '.') return true;
  return subject.find("..") != std::string_view::npos;
}

}  // namespace midge::subject
