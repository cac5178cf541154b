// Patterns with wildcards, as a trie of tokens; one root per account. Owns its nodes and interests.
//
// A node is a prefix of patterns. `*` and `>` children are direct pointers; literal children are
// found in one sharded table keyed (parent, token), so that a million of them below one node never
// need one large rehash. The commonest ends, `prefix.*` and `prefix.>`, need no node of their own.
//
// Readers take no lock. Writers hold lock(account, pattern), which is chosen by the pattern's first
// token: all that lies below one first token has one writer at a time. Roots are shared by first
// tokens; they stay for ever, and each of their fields belongs to one first token or is a counter.
// A node that nothing hangs on any more is unlinked and retired.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "subject/account_table.h"
#include "subject/interest.h"
#include "subject/match_result.h"
#include "subject/pointer_table.h"
#include "subject/reclaimer.h"
#include "subject/text_hash.h"
#include "subject/writer_lock.h"

namespace midge::subject {

class WildcardTrie {
 public:
  WildcardTrie(const TextHash& hash, Reclaimer& reclaimer);
  ~WildcardTrie();

  // Whether the account has any pattern. Any thread.
  [[nodiscard]] bool concerns(AccountId account) const;
  // Appends what a publish on `subject` reaches. Any thread.
  void match(AccountId account, std::string_view subject, MatchResult& into) const;

  // Writers.
  WriterLock& lock(AccountId account, std::string_view pattern);
  // The interest in this pattern, made if need be; the caller adds a target at once.
  Interest& interest_in(AccountId account, std::string_view pattern, LoopId near);
  // Unlinks an interest that is empty.
  void erase(Interest* interest, LoopId near);

  [[nodiscard]] std::size_t edges() const { return edges_.size(); }

 private:
  class Node;
  class Walk;
  using End = std::atomic<Interest*>;

  static constexpr unsigned kEdgeShardBits = 8;
  static constexpr std::uint32_t kLocks = 64;
  // Set in the hash of every edge, in a bit that the table does not look at: so none is kNoEdge.
  static constexpr std::uint64_t kEdgeBit = std::uint64_t{1} << 40;
  static constexpr std::uint64_t kNoEdge = 0;

  Node* child(const Node* parent, std::string_view token, std::uint64_t edge) const;
  // The hash of the edge from `parent` under a token of this hash.
  [[nodiscard]] std::uint64_t edge_hash(const Node* parent, std::uint64_t token_hash) const {
    return hash_.pair(token_hash, reinterpret_cast<std::uint64_t>(parent)) | kEdgeBit;
  }
  [[nodiscard]] std::uint64_t edge_hash(const Node* parent, std::string_view token) const {
    return edge_hash(parent, hash_(token, 0));
  }
  Node* make_child(Node* parent, std::string_view token, LoopId near);
  Node* make_star(Node* parent);
  // Where the interest in `pattern` hangs, and the node that holds it; null if there is none.
  struct Place {
    Node* node;
    End* end;
  };
  Place place_of(AccountId account, std::string_view pattern) const;
  void prune(Node* node, LoopId near);

  const TextHash hash_;
  Reclaimer& reclaimer_;
  AccountTable<Node> roots_;
  PointerTable<Node> edges_;
  WriterLock locks_[kLocks];
};

}  // namespace midge::subject
