#include "jetstream/stream/filter_index.h"

#include <algorithm>

#include "subject/subject.h"

namespace midge::jetstream {
namespace {

// Takes the first token off.
std::string_view take_token(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view token = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return token;
}

}  // namespace

// A prefix of patterns with wildcards.
struct FilterIndex::Node {
  TextMap<std::unique_ptr<Node>> children;
  std::unique_ptr<Node> star;
  Consumers here;  // patterns that end here
  Consumers tail;  // …and those with `>` behind it

  [[nodiscard]] bool is_idle() const {
    return children.empty() && star == nullptr && here.empty() && tail.empty();
  }
};

FilterIndex::FilterIndex() : root_(std::make_unique<Node>()) {}
FilterIndex::~FilterIndex() = default;

void FilterIndex::add(Consumer* consumer, const store::Filter& filter) {
  if (filter.is_all()) return root_->tail.push_back(consumer);
  for (std::string_view pattern : filter.patterns()) {
    if (subject::is_literal(pattern)) {
      literals_[std::string(pattern)].push_back(consumer);
      continue;
    }
    Node* node = root_.get();
    while (!pattern.empty() && pattern != ">") {
      const std::string_view token = take_token(pattern);
      std::unique_ptr<Node>& next = token == "*" ? node->star : node->children[std::string(token)];
      if (next == nullptr) next = std::make_unique<Node>();
      node = next.get();
    }
    (pattern.empty() ? node->here : node->tail).push_back(consumer);
  }
}

void FilterIndex::remove(Consumer* consumer, const store::Filter& filter) {
  if (filter.is_all()) {
    std::erase(root_->tail, consumer);
    return;
  }
  for (const std::string& pattern : filter.patterns()) {
    const auto literal = literals_.find(pattern);
    if (literal == literals_.end()) {
      remove_below(*root_, pattern, consumer);
      continue;
    }
    std::erase(literal.value(), consumer);
    if (literal->second.empty()) literals_.erase(literal);
  }
}

bool FilterIndex::remove_below(Node& node, std::string_view pattern, Consumer* consumer) {
  if (pattern.empty() || pattern == ">") {
    std::erase(pattern.empty() ? node.here : node.tail, consumer);
    return node.is_idle();
  }
  const std::string_view token = take_token(pattern);
  if (token == "*") {
    if (node.star != nullptr && remove_below(*node.star, pattern, consumer)) node.star.reset();
  } else if (const auto child = node.children.find(token); child != node.children.end()) {
    if (remove_below(*child->second, pattern, consumer)) node.children.erase(child);
  }
  return node.is_idle();
}

const std::vector<Consumer*>& FilterIndex::matching(std::string_view subject) {
  found_.clear();
  if (!literals_.empty())
    if (const auto literal = literals_.find(subject); literal != literals_.end())
      found_ = literal->second;
  if (!root_->is_idle()) collect(*root_, subject);
  return found_;
}

void FilterIndex::collect(const Node& node, std::string_view rest) {
  if (rest.empty()) {
    found_.insert(found_.end(), node.here.begin(), node.here.end());
    return;
  }
  found_.insert(found_.end(), node.tail.begin(), node.tail.end());
  const std::string_view token = take_token(rest);
  if (node.star != nullptr) collect(*node.star, rest);
  if (node.children.empty()) return;
  if (const auto child = node.children.find(token); child != node.children.end())
    collect(*child->second, rest);
}

}  // namespace midge::jetstream
