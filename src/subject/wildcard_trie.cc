#include "subject/wildcard_trie.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"
#include "subject/text_bytes.h"
#include "subject/token_list.h"
#include "subject/tokens.h"

namespace midge::subject {

// One malloc'ed block: the object, then its token. Roots and `*` children have no token.
class WildcardTrie::Node {
 public:
  static Node* create(Node* parent, std::string_view token) {
    void* memory = std::malloc(sizeof(Node) + token.size());
    ENSURE(memory != nullptr, "out of memory");
    Node* node = new (memory) Node(parent, static_cast<std::uint32_t>(token.size()));
    if (!token.empty()) std::memcpy(static_cast<void*>(node + 1), token.data(), token.size());
    return node;
  }
  [[nodiscard]] std::string_view token() const {
    return {reinterpret_cast<const char*>(this + 1), length};
  }
  [[nodiscard]] bool is_star() const { return length == 0; }
  [[nodiscard]] bool has_literal_children() const {
    return literal_children.load(std::memory_order_acquire) != 0;
  }
  [[nodiscard]] bool unused() const {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return star.load(kRelaxed) == nullptr && literal_children.load(kRelaxed) == 0 &&
           end.load(kRelaxed) == nullptr && star_end.load(kRelaxed) == nullptr &&
           tail.load(kRelaxed) == nullptr;
  }

  Node* const parent;
  std::atomic<Node*> star{nullptr};  // `*` with more tokens behind it
  End tail{nullptr};                 // `prefix.>`
  End star_end{nullptr};             // `prefix.*`
  End end{nullptr};                  // the prefix itself; its last token is literal
  std::atomic<std::uint32_t> literal_children{0};
  const std::uint32_t length;

 private:
  Node(Node* parent_node, std::uint32_t token_length) : parent(parent_node), length(token_length) {}
};

// One match under way: down the trie level by level, all nodes of a level together, so that their
// lookups wait for memory side by side.
class WildcardTrie::Walk {
 public:
  Walk(const WildcardTrie& trie, const TokenList& tokens, MatchResult& into)
      : trie_(trie), tokens_(tokens), into_(into) {}

  void from(const Node* root) const {
    into_.shared = true;
    Level level;
    level.add(root);
    down(&level, 0);
  }

 private:
  // MatchResult::shared speaks of subjects with so many equal tokens.
  static constexpr std::size_t kSharedTokens = 2;

  // Nodes that are reached by the same number of tokens. A level too wide for one is walked in
  // parts, which nest; each level of nesting needs as many branching patterns, so the stack stays
  // small.
  struct Level {
    static constexpr std::size_t kWidth = 16;
    [[nodiscard]] bool has_room_for_children() const { return size + 2 <= kWidth; }
    void add(const Node* node) {
      if (node != nullptr) nodes[size++] = node;
    }
    std::size_t size = 0;
    const Node* nodes[kWidth];
  };

  // Uses `level` up.
  void down(Level* level, std::size_t depth) const {
    Level other;
    Level* next = &other;
    for (; level->size > 0; ++depth, std::swap(level, next)) {
      std::uint64_t edges[Level::kWidth];
      prefetch(*level, depth, edges);
      if (depth == kSharedTokens) note_shared(*level, edges);
      for (std::size_t i = 0; i < level->size; ++i) append(level->nodes[i]->tail);
      if (depth + 1 == tokens_.size()) return finish(*level, depth, edges);
      next->size = 0;
      for (std::size_t i = 0; i < level->size; ++i) {
        if (!next->has_room_for_children()) {
          down(next, depth + 1);
          next->size = 0;
        }
        next->add(level->nodes[i]->star.load(std::memory_order_acquire));
        next->add(literal_child(level->nodes[i], depth, edges[i]));
      }
    }
  }

  // What lies below these nodes looks at tokens beyond those that subjects share.
  void note_shared(const Level& level, const std::uint64_t* edges) const {
    const bool goes_on = tokens_.size() > kSharedTokens + 1;
    for (std::size_t i = 0; i < level.size; ++i) {
      const bool looks_on =
          goes_on && level.nodes[i]->star.load(std::memory_order_acquire) != nullptr;
      if (looks_on || edges[i] != kNoEdge) into_.shared = false;
    }
  }

  void finish(const Level& level, std::size_t depth, const std::uint64_t* edges) const {
    for (std::size_t i = 0; i < level.size; ++i) {
      append(level.nodes[i]->star_end);
      const Node* literal = literal_child(level.nodes[i], depth, edges[i]);
      if (literal != nullptr) append(literal->end);
    }
  }

  void prefetch(const Level& level, std::size_t depth, std::uint64_t* edges) const {
    for (std::size_t i = 0; i < level.size; ++i) {
      edges[i] = kNoEdge;
      if (!level.nodes[i]->has_literal_children()) continue;
      edges[i] = trie_.edge_hash(level.nodes[i], tokens_[depth].hash);
      trie_.edges_.prefetch(edges[i]);
    }
  }

  const Node* literal_child(const Node* node, std::size_t depth, std::uint64_t edge) const {
    // A child that appears after prefetch() looked comes too late for this match.
    if (edge == kNoEdge) return nullptr;
    return trie_.child(node, tokens_[depth].text, edge);
  }

  void append(const End& end) const {
    if (const Interest* interest = end.load(std::memory_order_acquire)) interest->append_to(into_);
  }

  const WildcardTrie& trie_;
  const TokenList& tokens_;
  MatchResult& into_;
};

WildcardTrie::WildcardTrie(const TextHash& hash, Reclaimer& reclaimer)
    : hash_(hash), reclaimer_(reclaimer), edges_(kEdgeShardBits, reclaimer) {}

WildcardTrie::~WildcardTrie() {
  auto destroy = [](Node& first) {
    for (Node* node = &first; node != nullptr;) {
      for (End* end : {&node->tail, &node->star_end, &node->end})
        if (Interest* interest = end->load()) Interest::destroy(interest);
      Node* star = node->star.load();
      std::free(node);
      node = star;
    }
  };
  edges_.for_each(destroy);
  roots_.for_each(destroy);
}

bool WildcardTrie::concerns(AccountId account) const {
  const Node* root = roots_.get(account);
  return root != nullptr && !root->unused();
}

void WildcardTrie::match(AccountId account, std::string_view subject, MatchResult& into) const {
  const Node* root = roots_.get(account);
  if (root == nullptr) return;
  TokenList tokens(subject, hash_);
  if (!tokens.has_empty()) Walk(*this, tokens, into).from(root);
}

WriterLock& WildcardTrie::lock(AccountId account, std::string_view pattern) {
  return locks_[hash_(Tokens(pattern).take(), account.value) % kLocks];
}

Interest& WildcardTrie::interest_in(AccountId account, std::string_view pattern, LoopId near) {
  Node* node = roots_.get_or_make(account, [] { return Node::create(nullptr, {}); });
  Tokens tokens(pattern);
  std::string_view token = tokens.take();
  for (; !tokens.done(); token = tokens.take())
    node = token == kStar ? make_star(node) : make_child(node, token, near);
  End& end = token == kTail   ? node->tail
             : token == kStar ? node->star_end
                              : make_child(node, token, near)->end;
  Interest* interest = end.load(std::memory_order_relaxed);
  if (interest == nullptr) {
    interest = Interest::create(account, pattern, false);
    end.store(interest, std::memory_order_release);
  }
  return *interest;
}

void WildcardTrie::erase(Interest* interest, LoopId near) {
  Place place = place_of(interest->account(), interest->subject());
  ENSURE(place.end != nullptr && place.end->load(std::memory_order_relaxed) == interest,
         "an interest that is not in the trie");
  place.end->store(nullptr, std::memory_order_release);
  reclaimer_.retire(near, interest);
  prune(place.node, near);
}

WildcardTrie::Place WildcardTrie::place_of(AccountId account, std::string_view pattern) const {
  Node* node = roots_.get(account);
  Tokens tokens(pattern);
  while (node != nullptr) {
    std::string_view token = tokens.take();
    if (tokens.done() && token == kTail) return {node, &node->tail};
    if (tokens.done() && token == kStar) return {node, &node->star_end};
    node = token == kStar ? node->star.load(std::memory_order_relaxed)
                          : child(node, token, edge_hash(node, token));
    if (node != nullptr && tokens.done()) return {node, &node->end};
  }
  return {nullptr, nullptr};
}

void WildcardTrie::prune(Node* node, LoopId near) {
  while (node->parent != nullptr && node->unused()) {
    Node* parent = node->parent;
    if (node->is_star()) {
      parent->star.store(nullptr, std::memory_order_release);
    } else {
      std::uint64_t hash = edge_hash(parent, node->token());
      WriterGuard guard(edges_.lock(hash));
      edges_.erase(hash, node, near);
      parent->literal_children.fetch_sub(1, std::memory_order_release);
    }
    reclaimer_.retire(near, node);
    node = parent;
  }
}

WildcardTrie::Node* WildcardTrie::child(const Node* parent, std::string_view token,
                                        std::uint64_t edge) const {
  return edges_.find(edge, [parent, token](const Node& node) {
    return node.parent == parent && text_equal(node.token(), token);
  });
}

WildcardTrie::Node* WildcardTrie::make_child(Node* parent, std::string_view token, LoopId near) {
  std::uint64_t hash = edge_hash(parent, token);
  if (Node* node = child(parent, token, hash)) return node;
  Node* node = Node::create(parent, token);
  WriterGuard guard(edges_.lock(hash));
  edges_.insert(hash, node, near);
  parent->literal_children.fetch_add(1, std::memory_order_release);
  return node;
}

WildcardTrie::Node* WildcardTrie::make_star(Node* parent) {
  Node* star = parent->star.load(std::memory_order_relaxed);
  if (star == nullptr) {
    star = Node::create(parent, {});
    parent->star.store(star, std::memory_order_release);
  }
  return star;
}

}  // namespace midge::subject
