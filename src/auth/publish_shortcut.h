// One rule that allows publishing, with those that deny a part of what it allows. Publishers stay
// with a rule for many subjects: asking the rule that let the last subject pass is quicker than
// asking all of them, and than looking for a remembered answer.
//
// Made once, then immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::auth {

// A rule's subject, cut at its wildcards.
class SubjectPattern {
 public:
  // Shorter subjects are left to the rules, which are quick with them.
  static constexpr std::size_t kSubjectMin = 8;

  explicit SubjectPattern(std::string_view pattern);  // valid

  // The wildcards of `subject` count as ordinary tokens; nothing with an empty token is matched.
  // For subjects of at least kSubjectMin bytes.
  [[nodiscard]] bool matches(std::string_view subject) const;

 private:
  enum class Then : std::uint8_t { kToken, kTail, kEnd };
  struct Piece {
    std::uint64_t head = 0, mask = 0;  // the first eight bytes of the text
    std::uint32_t size = 0;            // of the text, with the dots around it
    std::uint32_t text = 0;            // where it lies in texts_
    Then then = Then::kEnd;
  };

  std::vector<Piece> pieces_;
  std::string texts_;
};

class PublishShortcut {
 public:
  // More would not be quicker than the rules themselves.
  static constexpr std::size_t kDeniesMax = 4;

  // `deny`: those rules that overlap with `allow`.
  PublishShortcut(std::string_view allow, const std::vector<std::string_view>& deny);

  // True: the rules allow it. False: they have to be asked.
  [[nodiscard]] bool allows(std::string_view subject) const;

 private:
  SubjectPattern allow_;
  std::vector<SubjectPattern> deny_;
};

}  // namespace midge::auth
