#include "subject/interest_index.h"

#include "subject/generations.h"
#include "subject/interest.h"
#include "subject/pointer_table.h"
#include "subject/reclaimer.h"
#include "subject/subject.h"
#include "subject/text_bytes.h"
#include "subject/text_hash.h"
#include "subject/wildcard_trie.h"

namespace midge::subject {
namespace {

// With a million literal subjects a shard's slots take 16 KiB: a rebuild is a few microseconds.
constexpr unsigned kLiteralShardBits = 10;
constexpr unsigned kCounters = 16;

struct alignas(64) Counter {
  std::atomic<std::uint64_t> inserts{0};
  std::atomic<std::uint64_t> removes{0};
};

}  // namespace

struct InterestIndex::State {
  State(unsigned loops, std::uint64_t salt)
      : hash(salt),
        reclaimer(loops),
        literals(kLiteralShardBits, reclaimer),
        trie(hash, reclaimer),
        generations(hash) {}
  ~State() {
    literals.for_each([](Interest& interest) { Interest::destroy(&interest); });
  }

  [[nodiscard]] std::uint64_t literal_hash(AccountId account, std::string_view subject) const {
    return hash(subject, account.value);
  }
  Interest* find_literal(std::uint64_t at, AccountId account, std::string_view subject) const {
    return literals.find(at, [account, subject](const Interest& interest) {
      return interest.account() == account && text_equal(interest.subject(), subject);
    });
  }
  Interest& literal_in(std::uint64_t at, AccountId account, std::string_view subject, LoopId near);
  Registration add(Interest& interest, std::string_view queue, Target target);

  const TextHash hash;
  Reclaimer reclaimer;
  PointerTable<Interest> literals;
  WildcardTrie trie;
  Generations generations;
  Counter counters[kCounters];
};

Interest& InterestIndex::State::literal_in(std::uint64_t at, AccountId account,
                                           std::string_view subject, LoopId near) {
  if (Interest* found = find_literal(at, account, subject)) return *found;
  Interest* interest = Interest::create(account, subject, true);
  literals.insert(at, interest, near);
  return *interest;
}

Registration InterestIndex::State::add(Interest& interest, std::string_view queue, Target target) {
  QueueGroup* group = nullptr;
  if (!queue.empty()) {
    auto name_hash = static_cast<std::uint32_t>(hash(queue, 0));
    group = interest.group_named(queue, name_hash, target.loop(), reclaimer);
  }
  interest.add(group, target, reclaimer);
  return {&interest, group};
}

InterestIndex::InterestIndex(unsigned loops, std::uint64_t salt)
    : state_(std::make_unique<State>(loops, salt)) {}
InterestIndex::~InterestIndex() = default;

Registration InterestIndex::insert(AccountId account, std::string_view subject,
                                   std::string_view queue, Target target) {
  Registration registration;
  Generations::Cell& cell = state_->generations.cell_of(account, subject);
  if (is_literal(subject)) {
    std::uint64_t at = state_->literal_hash(account, subject);
    WriterGuard guard(state_->literals.lock(at));
    Interest& interest = state_->literal_in(at, account, subject, target.loop());
    registration = state_->add(interest, queue, target);
  } else {
    WriterGuard guard(state_->trie.lock(account, subject));
    Interest& interest = state_->trie.interest_in(account, subject, target.loop());
    registration = state_->add(interest, queue, target);
  }
  Generations::bump(cell);
  Counter& counter = state_->counters[target.loop().value % kCounters];
  counter.inserts.fetch_add(1, std::memory_order_relaxed);
  return registration;
}

void InterestIndex::remove(const Registration& registration, Target target) {
  Interest* interest = registration.interest;
  // The text outlives its unlinking until this loop has passed a tick.
  std::string_view subject = interest->subject();
  AccountId account = interest->account();
  Generations::Cell& cell = state_->generations.cell_of(account, subject);
  if (interest->literal()) {
    std::uint64_t at = state_->literal_hash(account, subject);
    WriterGuard guard(state_->literals.lock(at));
    interest->remove(registration.group, target, state_->reclaimer);
    if (interest->empty()) {
      state_->literals.erase(at, interest, target.loop());
      state_->reclaimer.retire(target.loop(), interest);
    }
  } else {
    WriterGuard guard(state_->trie.lock(account, subject));
    interest->remove(registration.group, target, state_->reclaimer);
    if (interest->empty()) state_->trie.erase(interest, target.loop());
  }
  Generations::bump(cell);
  Counter& counter = state_->counters[target.loop().value % kCounters];
  counter.removes.fetch_add(1, std::memory_order_relaxed);
}

void InterestIndex::match(AccountId account, std::string_view subject, MatchResult& into) const {
  std::uint64_t at = state_->literal_hash(account, subject);
  if (state_->trie.concerns(account)) {
    state_->literals.prefetch_node(at);  // arrives while the trie is walked
    state_->trie.match(account, subject, into);
  } else {
    into.shared = true;
  }
  if (const Interest* interest = state_->find_literal(at, account, subject)) {
    interest->append_to(into);
    into.shared = false;
  }
}

bool InterestIndex::has_literal(AccountId account, std::string_view subject) const {
  return state_->find_literal(state_->literal_hash(account, subject), account, subject) != nullptr;
}

std::uint64_t InterestIndex::prefetch(AccountId account, std::string_view subject) const {
  const std::uint64_t at = state_->literal_hash(account, subject);
  state_->literals.prefetch(at);
  return at;
}

void InterestIndex::prefetch_interest(std::uint64_t hint) const {
  state_->literals.prefetch_node(hint);
}

std::optional<Target> InterestIndex::probable_target(std::uint64_t hint) const {
  const Interest* interest = state_->literals.probable_node(hint);
  if (interest == nullptr) return std::nullopt;
  return interest->only_target();
}

std::uint64_t InterestIndex::generation(AccountId account, std::string_view subject) const {
  return generation(generation_key(account, subject));
}

InterestIndex::GenerationKey InterestIndex::generation_key(AccountId account,
                                                           std::string_view subject) const {
  return state_->generations.key(account, subject);
}

std::uint64_t InterestIndex::generation(GenerationKey key) const {
  return state_->generations.read(key);
}

void InterestIndex::passed_tick(LoopId loop) { state_->reclaimer.passed_tick(loop); }
void InterestIndex::going_to_sleep(LoopId loop) { state_->reclaimer.going_to_sleep(loop); }
void InterestIndex::woke_up(LoopId loop) { state_->reclaimer.woke_up(loop); }

IndexStats InterestIndex::stats() const {
  IndexStats stats;
  for (const Counter& counter : state_->counters) {
    stats.inserts += counter.inserts.load(std::memory_order_relaxed);
    stats.removes += counter.removes.load(std::memory_order_relaxed);
  }
  stats.subscriptions = stats.inserts - stats.removes;
  stats.literal_subjects = state_->literals.size();
  stats.trie_edges = state_->trie.edges();
  stats.waiting_to_be_freed = state_->reclaimer.waiting();
  return stats;
}

}  // namespace midge::subject
