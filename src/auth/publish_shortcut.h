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

  // From now on `token` does not count in place of the `star`th of its `*`.
  void refuse(std::size_t star, std::string_view token);

  // The wildcards of `subject` count as ordinary tokens; nothing with an empty token is matched.
  // For subjects of at least kSubjectMin bytes.
  [[nodiscard]] bool matches(std::string_view subject) const;

 private:
  enum class Then : std::uint8_t { kToken, kTail, kEnd };
  struct Text {
    std::uint64_t head = 0, mask = 0;  // its first eight bytes
    std::uint32_t size = 0;
    std::uint32_t place = 0;  // where it lies in texts_
  };
  struct Piece {
    Text text;  // with the dots around it
    Then then = Then::kEnd;
    std::vector<Text> refused;
  };

  Text keep(std::string_view text);
  // Whether what is between the two, in a subject that ends there, begins with `text`.
  [[nodiscard]] bool begins(const char* at, const char* end, const Text& text) const;

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
  SubjectPattern allow_;              // it refuses what most rules deny
  std::vector<SubjectPattern> deny_;  // the others
};

}  // namespace midge::auth
