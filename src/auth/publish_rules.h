// Which literal subjects a set of allow and deny rules lets pass, compiled for speed: every publish
// of a session that has permissions may ask.
//
// The rules are one tree by tokens, in two flat arrays; a question splits the subject once and
// compares tokens as numbers of eight bytes. Its cost depends on the subject and on the wildcards
// in the rules, hardly on their number.
//
// Made once, then immutable; any thread. Subjects of rules are valid; rules that name a queue do
// not concern publishing and are left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/permissions_config.h"
#include "auth/publish_shortcut.h"

namespace midge::auth {

class PublishRules {
 public:
  // Allows everything.
  PublishRules() = default;
  // `allows_all`: whatever no rule denies.
  PublishRules(const SubjectRules& rules, bool allows_all);

  // Deny wins over allow. The wildcards of `subject` count as ordinary tokens. A subject with an
  // empty token reaches nobody, and no rule speaks of it.
  [[nodiscard]] bool allow(std::string_view subject) const;
  // What to ask before allow() for subjects like this one, which is allowed. Null: nothing quicker.
  [[nodiscard]] const PublishShortcut* shortcut(std::string_view subject) const;

 private:
  // Left as it is until it is filled: there are more of them than most subjects have tokens.
  struct Token {
    std::uint64_t head;  // its first eight bytes
    const char* at;
    std::size_t size;

    [[nodiscard]] std::string_view text() const { return {at, size}; }
  };
  using Said = std::uint8_t;  // which kinds of rule end here, as bits
  static constexpr Said kAllow = 1, kDeny = 2;

  // The place where the rules end that have the same tokens so far.
  struct Node {
    std::uint32_t edges = 0, edges_end = 0;  // edges_[edges, edges_end), in order
    std::uint32_t star = 0;                  // a node; 0 = none
    Said here = 0;
    Said tail = 0;  // of rules that go on with `>`
  };
  struct Edge {
    std::uint64_t head = 0;
    std::uint32_t size = 0;
    std::uint32_t node = 0;
    std::uint32_t text = 0;  // where it lies in texts_
  };
  struct Branch {  // a node, and how many tokens lead to it
    std::uint32_t node;
    std::size_t depth;
  };
  struct Rule;

  // More are not looked through.
  static constexpr std::size_t kShortcutsMax = 64;

  void add_shortcuts(const SubjectRules& rules);
  static bool split(std::string_view subject, std::span<Token> into, std::size_t& count);
  [[nodiscard]] bool ask(std::string_view subject, std::span<Token> tokens, Branch* branches) const;
  std::uint32_t add_node(std::span<Rule> rules, std::size_t depth);
  [[nodiscard]] const Edge* find(const Node& node, const Token& token) const;
  [[nodiscard]] std::string_view text_of(const Edge& edge) const {
    return {texts_.data() + edge.text, edge.size};
  }

  bool allows_all_ = true;
  std::size_t depth_ = 0;    // the most tokens that a rule has
  std::vector<Node> nodes_;  // the root first
  std::vector<Edge> edges_;
  std::string texts_;
  std::vector<PublishShortcut> shortcuts_;
};

}  // namespace midge::auth
