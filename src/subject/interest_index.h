// The interest index: who subscribed to what, of all accounts and all loops. The one structure
// above io that loops share.
//
// Readers take no lock: they walk immutable nodes and atomically published pointers. Writers
// serialise per shard. What a writer unlinks is freed when every loop has passed a tick since
// (`passed_tick`). Literal subjects live in sharded hash tables, wildcard subjects in a token trie
// whose edges live in sharded hash tables too, so that no rehash stalls a loop.
//
// Visibility: when insert() or remove() returns, every match() that starts later on any loop sees
// it, and generation() of every affected subject has changed.
//
// Order of targets in results is the order of insertion per subject, and does not depend on the
// salt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "subject/match_result.h"
#include "subject/target.h"

namespace midge::subject {

class Interest;    // one (account, subject) that somebody subscribed to
class QueueGroup;  // one queue name within an Interest

// What a subscription keeps to find its place again. Valid until it is removed.
struct Registration {
  Interest* interest = nullptr;
  QueueGroup* group = nullptr;  // null = no queue

  [[nodiscard]] std::string_view subject() const;
  [[nodiscard]] std::string_view queue() const;  // "" = no queue
};

struct IndexStats {
  std::uint64_t subscriptions = 0;
  std::uint64_t inserts = 0;
  std::uint64_t removes = 0;
  std::uint64_t literal_subjects = 0;
  std::uint64_t trie_edges = 0;           // literal tokens within wildcard patterns
  std::uint64_t waiting_to_be_freed = 0;  // blocks of memory that a reader may still look at
};

class InterestIndex {
 public:
  // `loops` readers exist; `salt` seeds the hashes.
  InterestIndex(unsigned loops, std::uint64_t salt);
  ~InterestIndex();
  InterestIndex(const InterestIndex&) = delete;
  InterestIndex& operator=(const InterestIndex&) = delete;

  // The subject must be valid (subject.h). Any loop.
  Registration insert(AccountId account, std::string_view subject, std::string_view queue,
                      Target target);
  void remove(const Registration& registration, Target target);

  // Appends what a publish on `subject` (taken literally) reaches to `into`. Plain targets of all
  // matching interests; queue members merged per queue name. Any loop.
  void match(AccountId account, std::string_view subject, MatchResult& into) const;

  // Whether anybody subscribed to exactly this literal subject. Any loop.
  [[nodiscard]] bool has_literal(AccountId account, std::string_view subject) const;

  // For callers who know the subjects that come next: has memory fetched that match() will want, in
  // steps that are to lie some work apart. Hints only, no result depends on them. Any loop.
  [[nodiscard]] std::uint64_t prefetch(AccountId account, std::string_view subject) const;
  // With the number that prefetch() returned.
  void prefetch_interest(std::uint64_t hint) const;
  // A third step: who will probably be reached, so that the caller can fetch what it keeps of him.
  [[nodiscard]] std::optional<Target> probable_target(std::uint64_t hint) const;

  // A number that differs whenever the match of `subject` may have changed since. Read it *before*
  // match() and keep it with the result. Sums the generations of (account, token 1), (account,
  // tokens 1 and 2) and the account's wildcard-first subscriptions; costs a few loads and one hash.
  [[nodiscard]] std::uint64_t generation(AccountId account, std::string_view subject) const;
  // The same in two steps, for callers that keep the key with a cached result.
  struct GenerationKey {
    std::uint32_t first = 0, second = 0, wild = 0;
  };
  [[nodiscard]] GenerationKey generation_key(AccountId account, std::string_view subject) const;
  [[nodiscard]] std::uint64_t generation(GenerationKey key) const;

  // `loop` holds no pointer into the index now (between ticks). Frees what all loops let go of.
  void passed_tick(LoopId loop);
  // In place of passed_tick() before a loop waits for events: it holds no pointer until woke_up(),
  // so nobody waits for it. A loop that never says so is safe too, but holds back memory while it
  // sleeps.
  void going_to_sleep(LoopId loop);
  void woke_up(LoopId loop);

  [[nodiscard]] IndexStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::subject
