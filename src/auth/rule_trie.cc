#include "auth/rule_trie.h"

#include "subject/subject.h"
#include "subject/tokens.h"

namespace midge::auth {

namespace {

struct TokenHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view token) const {
    return std::hash<std::string_view>{}(token);
  }
};

}  // namespace

// The place where the rules end that have the same tokens so far.
struct RuleTrie::Node {
  tsl::robin_map<std::string, std::unique_ptr<Node>, TokenHash, std::equal_to<>> literals;
  std::unique_ptr<Node> star, tail;
  bool plain = false;
  std::vector<std::string> queues;

  Node& below(std::string_view token) {
    auto& child = token == subject::kStar ? star : token == subject::kTail ? tail : literal(token);
    if (!child) child = std::make_unique<Node>();
    return *child;
  }
  [[nodiscard]] const Node* find(std::string_view token) const {
    const auto found = literals.find(token);
    return found == literals.end() ? nullptr : found->second.get();
  }

 private:
  std::unique_ptr<Node>& literal(std::string_view token) {
    return literals.try_emplace(std::string(token)).first.value();
  }
};

struct RuleTrie::Question {
  Kind kind;
  std::string_view subject;
  std::string_view queue;
  Found found;

  // Nothing that is still to come can change the answer.
  [[nodiscard]] bool answered() const {
    return found.plain && (queue.empty() || found.queue_matches);
  }
};

RuleTrie::RuleTrie() = default;
RuleTrie::~RuleTrie() = default;
RuleTrie::RuleTrie(RuleTrie&&) noexcept = default;
RuleTrie& RuleTrie::operator=(RuleTrie&&) noexcept = default;

void RuleTrie::add(const SubjectRule& rule) {
  if (!root_) root_ = std::make_unique<Node>();
  Node* node = root_.get();
  subject::Tokens tokens(rule.subject);
  do node = &node->below(tokens.take());
  while (!tokens.done());
  if (rule.queue.empty()) {
    node->plain = true;
  } else {
    node->queues.push_back(rule.queue);
    has_queues_ = true;
  }
  ++size_;
}

bool RuleTrie::matches(std::string_view subject) const { return match(subject, {}).plain; }

RuleTrie::Found RuleTrie::match(std::string_view subject, std::string_view queue) const {
  return ask(Kind::kMatch, subject, queue);
}
RuleTrie::Found RuleTrie::cover(std::string_view subject, std::string_view queue) const {
  return ask(Kind::kCover, subject, queue);
}
RuleTrie::Found RuleTrie::overlap(std::string_view subject, std::string_view queue) const {
  return ask(Kind::kOverlap, subject, queue);
}

RuleTrie::Found RuleTrie::ask(Kind kind, std::string_view subject, std::string_view queue) const {
  Question question{kind, subject, queue, {}};
  // A subject with an empty token reaches nobody, and no rule speaks of it.
  if (root_ && !subject::has_empty_token(subject)) walk(*root_, subject.data(), question);
  return question.found;
}

// `rest`: where the subject's next token begins; null behind the last one.
void RuleTrie::walk(const Node& node, const char* rest, Question& question) {
  if (question.answered()) return;
  if (rest == nullptr) return arrive(node, question);
  const char* end = question.subject.data() + question.subject.size();
  const std::string_view left(rest, static_cast<std::size_t>(end - rest));
  const std::size_t dot = left.find('.');
  const std::string_view token = left.substr(0, dot);
  const char* next = dot == std::string_view::npos ? nullptr : rest + dot + 1;

  if (node.tail) arrive(*node.tail, question);
  const bool any_number = token == subject::kTail && next == nullptr;
  if (any_number && question.kind != Kind::kMatch) {
    // `>` is covered by `>` alone, and overlaps with whatever is longer.
    if (question.kind == Kind::kOverlap) arrive_below(node, question);
    return;
  }
  if (node.star) walk(*node.star, next, question);
  if (token == subject::kStar && question.kind == Kind::kOverlap) {
    for (const auto& [name, child] : node.literals) walk(*child, next, question);
  } else if (const Node* child = node.find(token)) {
    walk(*child, next, question);
  }
}

// The rules that end at `node` are part of the answer.
void RuleTrie::arrive(const Node& node, Question& question) {
  Found& found = question.found;
  found.plain |= node.plain;
  if (node.queues.empty()) return;
  found.queues = true;
  if (question.queue.empty() || found.queue_matches) return;
  for (const std::string& queue : node.queues)
    found.queue_matches |= subject::is_subset(question.queue, queue);
}

// The rules that end anywhere below `node`.
void RuleTrie::arrive_below(const Node& node, Question& question) {
  if (question.answered()) return;
  for (const Node* child : {node.star.get(), node.tail.get()}) {
    if (child == nullptr) continue;
    arrive(*child, question);
    arrive_below(*child, question);
  }
  for (const auto& [name, child] : node.literals) {
    arrive(*child, question);
    arrive_below(*child, question);
  }
}

}  // namespace midge::auth
