#include "store/subjects/subject_tree.h"

#include <algorithm>

#include "base/check.h"
#include "store/subjects/subject_nodes.h"

namespace midge::store {
namespace {

std::size_t shared_size(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  if (a.starts_with(b)) return limit;  // as nearly always
  std::size_t size = 0;
  while (size < limit && a[size] == b[size]) ++size;
  return size;
}

}  // namespace

SubjectTree::SubjectTree() : state_(std::make_unique<State>()) {}
SubjectTree::~SubjectTree() = default;

std::size_t SubjectTree::size() const { return state_->size; }
std::size_t SubjectTree::memory() const { return sizeof(State) + state_->slots.memory(); }
bool SubjectTree::sweep(std::size_t chunks) { return state_->slots.sweep(chunks); }

void SubjectTree::clear() {
  state_->slots.clear();
  state_->root = ChildRef{};
  state_->size = 0;
  state_->last = nullptr;
}

SubjectState* SubjectTree::find(std::string_view subject) {
  State& tree = *state_;
  if (tree.last != nullptr && tree.last_subject == subject) return tree.last;
  SubjectState* const found = search(subject);
  if (found != nullptr) tree.remember(*found, subject);
  return found;
}

SubjectState* SubjectTree::search(std::string_view subject) {
  State& tree = *state_;
  ChildRef at = tree.root;
  while (at && !at.is_leaf()) {
    SubjectNode& node = tree.node(at);
    if (!subject.starts_with(node.text())) return nullptr;
    subject.remove_prefix(node.text_size);
    if (subject.empty()) {
      at = node.own;
      break;
    }
    const int place = node.place_of(static_cast<unsigned char>(subject.front()));
    if (place == SubjectNode::kNoChild) return nullptr;
    at = node.children()[place];
    subject.remove_prefix(1);
  }
  if (!at) return nullptr;
  SubjectLeaf& leaf = tree.leaf(at);
  return leaf.text() == subject ? &leaf.state : nullptr;
}

SubjectState& SubjectTree::insert(std::string_view subject) {
  ENSURE(subject.size() <= kSubjectMax, "a subject is longer than a record can hold");
  State& tree = *state_;
  if (tree.last != nullptr && tree.last_subject == subject) return *tree.last;
  SubjectState& state = search_or_make(subject);
  tree.remember(state, subject);
  return state;
}

SubjectState& SubjectTree::search_or_make(std::string_view subject) {
  State& tree = *state_;
  ChildRef* slot = &tree.root;
  while (*slot) {
    const bool is_leaf = slot->is_leaf();
    const std::string_view text = is_leaf ? tree.leaf(*slot).text() : tree.node(*slot).text();
    const std::size_t shared = shared_size(subject, text);
    if (is_leaf && shared == text.size() && shared == subject.size()) return tree.leaf(*slot).state;
    if (is_leaf || shared < text.size()) tree.split(*slot, text, shared);
    subject.remove_prefix(shared);

    if (subject.empty()) {
      slot = &tree.node(*slot).own;
      break;
    }
    const auto byte = static_cast<unsigned char>(subject.front());
    subject.remove_prefix(1);
    int place = tree.node(*slot).place_of(byte);
    if (place == SubjectNode::kNoChild) {
      const ChildRef leaf = tree.make_leaf(subject);
      tree.add_child(*slot, byte, leaf);
      ++tree.size;
      return tree.leaf(leaf).state;
    }
    slot = &tree.node(*slot).children()[place];
  }
  if (!*slot) {  // the first of all, or one that ends where a node's text ends
    *slot = tree.make_leaf(subject);
    ++tree.size;
  }
  return tree.leaf(*slot).state;
}

bool SubjectTree::erase(std::string_view subject) {
  State& tree = *state_;
  tree.last = nullptr;
  ChildRef* parent = nullptr;
  ChildRef* slot = &tree.root;
  int place = SubjectNode::kNoChild;  // of *slot in *parent; none: it is its own
  while (*slot && !slot->is_leaf()) {
    SubjectNode& node = tree.node(*slot);
    if (!subject.starts_with(node.text())) return false;
    subject.remove_prefix(node.text_size);
    parent = slot;
    if (subject.empty()) {
      place = SubjectNode::kNoChild;
      slot = &node.own;
      break;
    }
    place = node.place_of(static_cast<unsigned char>(subject.front()));
    if (place == SubjectNode::kNoChild) return false;
    slot = &node.children()[place];
    subject.remove_prefix(1);
  }
  if (!*slot || tree.leaf(*slot).text() != subject) return false;

  tree.free(*slot);
  --tree.size;
  if (parent == nullptr) {
    tree.root = ChildRef{};
  } else if (place == SubjectNode::kNoChild) {
    *slot = ChildRef{};
    tree.simplify(*parent);
  } else {
    tree.remove_child(*parent, place);
  }
  return true;
}

}  // namespace midge::store
