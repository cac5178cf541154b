#include "auth/publish_rules.h"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include "subject/subject.h"
#include "subject/text_bytes.h"
#include "subject/tokens.h"

namespace midge::auth {

namespace {

// Rules with more tokens are served too, from memory that a question has to ask for.
constexpr std::size_t kTokensUsual = 16;
// Up to this many, looking at each edge is faster than a search.
constexpr std::uint32_t kEdgesFew = 8;

}  // namespace

struct PublishRules::Rule {
  std::vector<Token> tokens;
  Said said;

  // Literal tokens by their bytes; the wildcards after them.
  static int rank(const Token& token) {
    return token.text() == subject::kStar ? 1 : token.text() == subject::kTail ? 2 : 0;
  }
  static auto key(const Token& token) { return std::tuple(rank(token), token.head, token.text()); }
  static bool before(const Token& left, const Token& right) { return key(left) < key(right); }
};

PublishRules::PublishRules(const SubjectRules& config, bool allows_all) : allows_all_(allows_all) {
  std::vector<Rule> rules;
  const auto add = [&](const SubjectRule& rule, Said said) {
    if (!rule.queue.empty() || !subject::is_valid(rule.subject)) return;
    Rule& added = rules.emplace_back(Rule{{}, said});
    added.tokens.resize(static_cast<std::size_t>(std::ranges::count(rule.subject, '.')) + 1);
    std::size_t count = 0;
    split(rule.subject, added.tokens, count);
    depth_ = std::max(depth_, count);
  };
  if (!allows_all)
    for (const SubjectRule& rule : config.allow) add(rule, kAllow);
  for (const SubjectRule& rule : config.deny) add(rule, kDeny);
  if (rules.empty()) return;
  std::ranges::sort(rules, [](const Rule& left, const Rule& right) {
    return std::ranges::lexicographical_compare(left.tokens, right.tokens, Rule::before);
  });
  add_node(rules, 0);
  if (allows_all)
    add_shortcuts({{{std::string(subject::kTail), ""}}, config.deny});
  else
    add_shortcuts(config);
}

// Of those rules whose shortcut is one.
void PublishRules::add_shortcuts(const SubjectRules& rules) {
  const auto speaks = [](const SubjectRule& rule) {
    return rule.queue.empty() && subject::is_valid(rule.subject);
  };
  for (const SubjectRule& allow : rules.allow) {
    if (!speaks(allow)) continue;
    if (shortcuts_.size() == kShortcutsMax) return;
    std::vector<std::string_view> deny;
    for (const SubjectRule& rule : rules.deny) {
      if (deny.size() > PublishShortcut::kDeniesMax) break;
      if (speaks(rule) && subject::overlaps(allow.subject, rule.subject))
        deny.push_back(rule.subject);
    }
    if (deny.size() <= PublishShortcut::kDeniesMax) shortcuts_.emplace_back(allow.subject, deny);
  }
}

const PublishShortcut* PublishRules::shortcut(std::string_view subject) const {
  for (const PublishShortcut& one : shortcuts_)
    if (one.allows(subject)) return &one;
  return nullptr;
}

// `rules` agree in their first `depth` tokens.
std::uint32_t PublishRules::add_node(std::span<Rule> rules, std::size_t depth) {
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  Node node;
  std::size_t begin = 0;
  for (; begin < rules.size() && rules[begin].tokens.size() == depth; ++begin)
    node.here |= rules[begin].said;
  const auto end_of_group = [&](std::size_t first) {
    std::size_t end = first;
    while (end < rules.size() &&
           rules[end].tokens[depth].text() == rules[first].tokens[depth].text())
      ++end;
    return end;
  };
  // Edges of one node lie side by side, so all are made before those of the nodes below.
  node.edges = static_cast<std::uint32_t>(edges_.size());
  for (std::size_t first = begin; first < rules.size(); first = end_of_group(first)) {
    const Token& token = rules[first].tokens[depth];
    if (Rule::rank(token) != 0) break;
    edges_.push_back({token.head, static_cast<std::uint32_t>(token.size), 0,
                      static_cast<std::uint32_t>(texts_.size())});
    texts_ += token.text();
  }
  node.edges_end = static_cast<std::uint32_t>(edges_.size());
  std::uint32_t edge = node.edges;
  for (std::size_t first = begin; first < rules.size();) {
    const std::size_t end = end_of_group(first);
    const std::span<Rule> group = rules.subspan(first, end - first);
    switch (Rule::rank(group[0].tokens[depth])) {
      case 0: {
        const std::uint32_t below = add_node(group, depth + 1);
        edges_[edge++].node = below;
        break;
      }
      case 1:
        node.star = add_node(group, depth + 1);
        break;
      default:
        for (const Rule& rule : group) node.tail |= rule.said;
        break;
    }
    first = end;
  }
  nodes_[index] = node;
  return index;
}

// The first tokens of `subject`, as many as there is room for; false if any of all its tokens is
// empty.
bool PublishRules::split(std::string_view subject, std::span<Token> into, std::size_t& count) {
  constexpr std::uint64_t kDots = 0x2e2e'2e2e'2e2e'2e2eU;
  count = 0;
  const char* begin = subject.data();
  const char* const end = begin + subject.size();
  const auto take = [&](const char* to) {
    const auto size = static_cast<std::size_t>(to - begin);
    if (size == 0) return false;
    if (count < into.size())
      into[count++] = {subject::padded_word(begin, size, subject), begin, size};
    begin = to + 1;
    return true;
  };
  for (const char* at = begin; at < end; at += 8) {
    const std::uint64_t word =
        subject::padded_word(at, static_cast<std::size_t>(end - at), subject);
    for (std::uint64_t dots = subject::zero_bytes(word ^ kDots); dots != 0; dots &= dots - 1)
      if (!take(at + (std::countr_zero(dots) >> 3))) return false;
  }
  return take(end);
}

inline const PublishRules::Edge* PublishRules::find(const Node& node, const Token& token) const {
  const Edge* edge = edges_.data() + node.edges;
  const Edge* end = edges_.data() + node.edges_end;
  if (node.edges_end - node.edges > kEdgesFew) {
    edge = std::lower_bound(edge, end, token, [this](const Edge& left, const Token& right) {
      if (left.head != right.head) return left.head < right.head;
      return text_of(left) < right.text();
    });
    if (edge != end) end = edge + 1;
  }
  for (; edge != end; ++edge) {
    if (edge->head == token.head && edge->size == token.size &&
        (edge->size <= 8 || text_of(*edge) == token.text()))
      return edge;
  }
  return nullptr;
}

bool PublishRules::allow(std::string_view subject) const {
  if (nodes_.empty()) return allows_all_;
  if (depth_ < kTokensUsual) {
    std::array<Token, kTokensUsual> tokens;
    std::array<Branch, kTokensUsual> branches;
    return ask(subject, {tokens.data(), depth_ + 1}, branches.data());
  }
  std::vector<Token> tokens(depth_ + 1);
  std::vector<Branch> branches(depth_ + 1);
  return ask(subject, tokens, branches.data());
}

// There is room for one token more than the rules have, which tells what is longer than they all.
bool PublishRules::ask(std::string_view subject, std::span<Token> tokens, Branch* branches) const {
  std::size_t count = 0;
  if (!split(subject, tokens, count)) return allows_all_;
  Said found = 0;
  std::size_t branch_count = 0;
  Branch at{0, 0};
  for (;;) {
    const Node& node = nodes_[at.node];
    if (at.depth == count) {
      found |= node.here;
      at.node = 0;
    } else {
      found |= node.tail;
      const Edge* edge = find(node, tokens[at.depth]);
      ++at.depth;
      if (edge != nullptr && node.star != 0) branches[branch_count++] = {node.star, at.depth};
      at.node = edge != nullptr ? edge->node : node.star;
    }
    if ((found & kDeny) != 0) return false;
    if (at.node != 0) continue;
    if (branch_count == 0) return allows_all_ || found != 0;
    at = branches[--branch_count];
  }
}

}  // namespace midge::auth
