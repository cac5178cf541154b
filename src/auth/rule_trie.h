// A set of permission rules, indexed by the tokens of their subjects: the cost of a question
// depends on the subject asked for, hardly on the number of rules.
//
// Filled once, then immutable; any thread. Subjects of rules are valid.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "auth/permissions_config.h"

namespace midge::auth {

class RuleTrie {
 public:
  // What the rules say that a question found.
  struct Found {
    bool plain = false;          // a rule that names no queue
    bool queues = false;         // a rule that names one
    bool queue_matches = false;  // the one that was asked for
  };

  RuleTrie();
  ~RuleTrie();
  RuleTrie(RuleTrie&&) noexcept;
  RuleTrie& operator=(RuleTrie&&) noexcept;

  void add(const SubjectRule& rule);
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool has_queues() const { return has_queues_; }

  // Whether a rule without queue matches `subject`, whose wildcards count as ordinary tokens.
  [[nodiscard]] bool matches(std::string_view subject) const;
  // The rules that match `subject`, whose wildcards count as ordinary tokens.
  [[nodiscard]] Found match(std::string_view subject, std::string_view queue) const;
  // The rules of which each matches all that `subject` does.
  [[nodiscard]] Found cover(std::string_view subject, std::string_view queue) const;
  // The rules that match something that `subject` matches too.
  [[nodiscard]] Found overlap(std::string_view subject, std::string_view queue) const;

 private:
  struct Node;
  struct Question;
  enum class Kind : unsigned char { kMatch, kCover, kOverlap };

  [[nodiscard]] Found ask(Kind kind, std::string_view subject, std::string_view queue) const;
  static void walk(const Node& node, const char* rest, Question& question);
  static void arrive(const Node& node, Question& question);
  static void arrive_below(const Node& node, Question& question);

  std::unique_ptr<Node> root_;
  std::size_t size_ = 0;
  bool has_queues_ = false;
};

}  // namespace midge::auth
