#include "auth/publish_shortcut.h"

#include <bit>
#include <optional>
#include <utility>

#include "subject/text_bytes.h"
#include "subject/tokens.h"

namespace midge::auth {

namespace {

constexpr std::uint64_t kDots = 0x2e2e'2e2e'2e2e'2e2eU;

// The eight bytes from `at` on, zero beyond `end`, which has eight before it.
inline std::uint64_t word_at(const char* at, const char* end) {
  const auto left = static_cast<std::size_t>(end - at);
  if (left >= 8) return subject::load_word(at);
  // In two steps, since nothing may be left.
  return subject::load_word(end - 8) >> 1 >> (63 - left * 8);
}

inline const char* end_of_token(const char* at, const char* end) {
  for (; at < end; at += 8) {
    const std::uint64_t dots = subject::zero_bytes(word_at(at, end) ^ kDots);
    if (dots != 0) return at + (std::countr_zero(dots) >> 3);
  }
  return end;
}

// Whether it is one token or more, and none of them empty.
bool is_whole(std::string_view text) {
  subject::Tokens tokens(text);
  do {
    if (tokens.take().empty()) return false;
  } while (!tokens.done());
  return true;
}

// What tells a subject that both rules match from others that `allow` matches, where that is one
// token in place of one of its stars, as it mostly is.
struct Difference {
  std::size_t star;
  std::string_view token;
};

// The rules overlap.
std::optional<Difference> difference(std::string_view allow, std::string_view deny) {
  std::optional<Difference> found;
  std::size_t star = 0;
  subject::Tokens allowed(allow), denied(deny);
  while (!allowed.done() && !denied.done()) {
    const std::string_view has = allowed.take(), wants = denied.take();
    if (wants == subject::kTail) return found;
    if (has == subject::kTail) return std::nullopt;  // how many tokens there are tells, too
    if (has == subject::kStar) {
      if (wants != subject::kStar) {
        if (found) return std::nullopt;
        found = Difference{star, wants};
      }
      ++star;
    }
  }
  return found;
}

}  // namespace

SubjectPattern::SubjectPattern(std::string_view pattern) {
  std::string text;
  const auto finish = [&](Then then) {
    pieces_.push_back({keep(std::exchange(text, {})), then, {}});
  };
  for (subject::Tokens tokens(pattern); !tokens.done();) {
    const std::string_view token = tokens.take();
    if (token == subject::kTail) {
      finish(Then::kTail);
      return;
    }
    if (token == subject::kStar)
      finish(Then::kToken);
    else
      text += token;
    if (!tokens.done()) text += '.';
  }
  finish(Then::kEnd);
}

SubjectPattern::Text SubjectPattern::keep(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  const std::uint64_t mask = size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << size * 8) - 1;
  const auto place = static_cast<std::uint32_t>(texts_.size());
  texts_ += text;
  return {subject::padded_word(text.data(), size, text), mask, size, place};
}

void SubjectPattern::refuse(std::size_t star, std::string_view token) {
  pieces_[star].refused.push_back(keep(token));
}

inline bool SubjectPattern::begins(const char* at, const char* end, const Text& text) const {
  if (((word_at(at, end) ^ text.head) & text.mask) != 0) return false;
  if (static_cast<std::size_t>(end - at) < text.size) return false;
  return text.size <= 8 ||
         std::string_view(at, text.size) == std::string_view(texts_).substr(text.place, text.size);
}

bool SubjectPattern::matches(std::string_view subject) const {
  const char* at = subject.data();
  const char* const end = at + subject.size();
  for (const Piece& piece : pieces_) {
    if (!begins(at, end, piece.text)) return false;
    at += piece.text.size;
    if (piece.then != Then::kToken)
      return piece.then == Then::kEnd ? at == end : is_whole({at, end});
    const char* const stop = end_of_token(at, end);
    if (stop == at) return false;
    for (const Text& token : piece.refused)
      if (static_cast<std::size_t>(stop - at) == token.size && begins(at, end, token)) return false;
    at = stop;
  }
  return false;
}

PublishShortcut::PublishShortcut(std::string_view allow, const std::vector<std::string_view>& deny)
    : allow_(allow) {
  for (const std::string_view rule : deny) {
    if (const auto found = difference(allow, rule))
      allow_.refuse(found->star, found->token);
    else
      deny_.emplace_back(rule);
  }
}

bool PublishShortcut::allows(std::string_view subject) const {
  if (subject.size() < SubjectPattern::kSubjectMin || !allow_.matches(subject)) return false;
  for (const SubjectPattern& rule : deny_)
    if (rule.matches(subject)) return false;
  return true;
}

}  // namespace midge::auth
