// Goal: the index finds exactly what the rules say, in order, whatever its salt; its generations
// move with every change; what was removed is freed. Method: cases by hand, then long runs of
// random operations against a list that is searched naively.
#include "subject/interest_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "subject/subject.h"

namespace midge::subject {
namespace {

constexpr LoopId kLoop{0};
constexpr AccountId kAccount{0};

Target target(std::uint32_t slot, std::uint8_t loop = 0) { return Target({loop}, slot, 1); }

MatchResult matched(const InterestIndex& index, std::string_view subject,
                    AccountId account = kAccount) {
  MatchResult result;
  index.match(account, subject, result);
  return result;
}

std::vector<std::uint32_t> slots(const std::vector<Target>& targets) {
  std::vector<std::uint32_t> all;
  for (Target one : targets) all.push_back(one.slot());
  return all;
}

using Slots = std::vector<std::uint32_t>;

// A small generator of the test's own: the same numbers everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint32_t roll(std::uint32_t sides) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>((state_ >> 33) % sides);
  }

 private:
  std::uint64_t state_;
};

TEST_CASE("hints name the only subscription of a literal subject, and change no match") {
  InterestIndex index(1, 7);
  const auto probable = [&](std::string_view subject) {
    const std::uint64_t hint = index.prefetch(kAccount, subject);
    index.prefetch_interest(hint);
    return index.probable_target(hint);
  };
  CHECK(probable("foo") == std::nullopt);
  const Registration first = index.insert(kAccount, "foo", "", target(1));
  CHECK(probable("foo") == target(1));
  index.insert(kAccount, "foo", "", target(2));
  CHECK(probable("foo") == std::nullopt);
  index.remove(first, target(1));
  CHECK(slots(matched(index, "foo").plain) == Slots{2});
}

TEST_CASE("literal and wildcard subscriptions are found, by account") {
  InterestIndex index(1, 7);
  index.insert(kAccount, "foo.bar", "", target(1));
  index.insert(kAccount, "foo.*", "", target(2));
  index.insert(kAccount, "foo.>", "", target(3));
  index.insert(AccountId{5}, "foo.bar", "", target(4));
  auto sorted = [](Slots all) {
    std::sort(all.begin(), all.end());
    return all;
  };
  CHECK(sorted(slots(matched(index, "foo.bar").plain)) == Slots{1, 2, 3});
  CHECK(sorted(slots(matched(index, "foo.*").plain)) == Slots{2, 3});
  CHECK(slots(matched(index, "foo.bar.baz").plain) == Slots{3});
  CHECK(matched(index, "foo").empty());
  CHECK(matched(index, "foo..bar").empty());
  CHECK(matched(index, "").empty());
  CHECK(slots(matched(index, "foo.bar", AccountId{5}).plain) == Slots{4});
  CHECK(matched(index, "foo.bar", AccountId{6}).empty());
  CHECK(matched(index, "foo.bar", AccountId{4'000'000'000}).empty());
}

TEST_CASE("targets of one subject keep the order of insertion") {
  InterestIndex index(1, 7);
  for (std::string_view subject : {"a.b", "a.*"}) {
    std::vector<Registration> all;
    for (std::uint32_t i = 0; i < 500; ++i)
      all.push_back(index.insert(kAccount, subject, "", target(i)));
    Slots expected;
    for (std::uint32_t i = 0; i < 500; ++i) {
      if (i % 3 == 0)
        index.remove(all[i], target(i));
      else
        expected.push_back(i);
    }
    index.insert(kAccount, subject, "", target(1000));
    expected.push_back(1000);
    CHECK(slots(matched(index, subject == "a.b" ? "a.b" : "a.c").plain) == expected);
  }
}

TEST_CASE("queue members are merged by name over all matching subjects") {
  InterestIndex index(1, 7);
  index.insert(kAccount, "a.b", "q", target(1));
  index.insert(kAccount, "a.*", "q", target(2));
  index.insert(kAccount, "a.>", "r", target(3));
  index.insert(kAccount, "a.b", "", target(4));
  index.insert(kAccount, "a.b", "q", target(5));
  MatchResult result = matched(index, "a.b");
  CHECK(slots(result.plain) == Slots{4});
  REQUIRE(result.groups.size() == 2);
  std::map<std::string, Slots> groups;
  for (auto& group : result.groups) {
    groups[group.name] = slots(group.members);
    std::sort(groups[group.name].begin(), groups[group.name].end());
  }
  CHECK(groups["q"] == Slots{1, 2, 5});
  CHECK(groups["r"] == Slots{3});
}

TEST_CASE("match appends to what the result holds") {
  InterestIndex index(1, 7);
  index.insert(kAccount, "a", "q", target(1));
  index.insert(AccountId{1}, "b", "q", target(2));
  index.insert(AccountId{1}, "b", "", target(3));
  MatchResult result;
  index.match(kAccount, "a", result);
  index.match(AccountId{1}, "b", result);
  CHECK(slots(result.plain) == Slots{3});
  REQUIRE(result.groups.size() == 1);
  CHECK(slots(result.groups[0].members) == Slots{1, 2});
}

TEST_CASE("a registration knows its subject and queue") {
  InterestIndex index(1, 7);
  Registration plain = index.insert(kAccount, "a.b", "", target(1));
  Registration member = index.insert(kAccount, "a.*.>", "workers", target(2));
  CHECK(plain.subject() == "a.b");
  CHECK(plain.queue().empty());
  CHECK(member.subject() == "a.*.>");
  CHECK(member.queue() == "workers");
}

TEST_CASE("many groups on one subject") {
  InterestIndex index(1, 7);
  std::vector<Registration> all;
  constexpr std::uint32_t kGroups = 1000;
  for (std::uint32_t i = 0; i < kGroups; ++i)
    all.push_back(index.insert(kAccount, "a", "q" + std::to_string(i), target(i)));
  index.remove(all[0], target(0));
  index.insert(kAccount, "a", "q999", target(5000));
  MatchResult result = matched(index, "a");
  REQUIRE(result.groups.size() == kGroups - 1);
  CHECK(result.groups.front().name == "q1");
  CHECK(slots(result.groups.back().members) == Slots{999, 5000});
}

TEST_CASE("a subject of very many tokens, all of them wild or not, does not need a deep stack") {
  InterestIndex index(1, 7);
  std::string stars = "*";
  std::string names = "a";
  for (int i = 0; i < 2000; ++i) {
    index.insert(kAccount, names + ".*." + "a.b", "", target(1));
    stars += ".*";
    names += ".a";
  }
  index.insert(kAccount, stars, "", target(2));
  CHECK(slots(matched(index, names).plain) == Slots{2});
}

TEST_CASE("a match that branches at every token") {
  InterestIndex index(1, 7);
  constexpr std::uint32_t kTokens = 9;
  auto pattern = [](std::uint32_t stars) {
    std::string text;
    for (std::uint32_t i = 0; i < kTokens; ++i)
      text += std::string(i == 0 ? "" : ".") + (stars >> i & 1 ? "*" : "a");
    return text;
  };
  Slots expected;
  for (std::uint32_t stars = 0; stars < 1U << kTokens; ++stars) {
    index.insert(kAccount, pattern(stars), "", target(stars));
    expected.push_back(stars);
  }
  Slots reached = slots(matched(index, pattern(0)).plain);
  std::sort(reached.begin(), reached.end());
  CHECK(reached == expected);
  CHECK(matched(index, pattern(0) + ".a").empty());
  CHECK(matched(index, "b.a.a.a.a.a.a.a.a").plain.size() == 256);
}

struct Subscription {
  AccountId account;
  std::string pattern;
  std::string queue;
  Target target;
  Registration registration;
};

// Tokens are few, so that patterns meet.
std::string random_pattern(Dice& dice) {
  const char* tokens[] = {"a", "b", "cc", "*", "_INBOX", "*", ">"};
  std::string pattern;
  std::uint32_t count = 1 + dice.roll(4);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string token = tokens[dice.roll(i + 1 == count ? 7 : 6)];
    pattern += (i == 0 ? "" : ".") + token;
  }
  return pattern;
}

std::string random_subject(Dice& dice) {
  const char* tokens[] = {"a", "b", "cc", "_INBOX", "unheard", "*", ">", ""};
  std::string subject;
  std::uint32_t count = 1 + dice.roll(4);
  for (std::uint32_t i = 0; i < count; ++i)
    subject += (i == 0 ? "" : ".") + std::string(tokens[dice.roll(dice.roll(8) == 0 ? 8 : 5)]);
  return subject;
}

// Targets by pattern, in order; groups by name and pattern, in order.
using Answer = std::map<std::pair<std::string, std::string>, Slots>;

Answer naive(const std::vector<Subscription>& all, AccountId account, std::string_view subject) {
  Answer answer;
  for (const Subscription& one : all)
    if (one.account == account && matches(subject, one.pattern))
      answer[{one.queue, one.pattern}].push_back(one.target.slot());
  return answer;
}

Answer sorted_out(const MatchResult& result, const std::map<std::uint32_t, std::string>& patterns) {
  Answer answer;
  for (Target one : result.plain) answer[{"", patterns.at(one.slot())}].push_back(one.slot());
  for (const MatchResult::Group& group : result.groups)
    for (Target one : group.members)
      answer[{group.name, patterns.at(one.slot())}].push_back(one.slot());
  return answer;
}

bool same(const MatchResult& a, const MatchResult& b) {
  return a.plain == b.plain && std::equal(a.groups.begin(), a.groups.end(), b.groups.begin(),
                                          b.groups.end(), [](const auto& x, const auto& y) {
                                            return x.name == y.name && x.members == y.members;
                                          });
}

// One world of subscriptions, held in three indexes of different salts and in a list.
class World {
 public:
  explicit World(std::uint64_t seed) : dice_(seed) {}

  void step(std::uint32_t full) {
    if (all_.empty() || dice_.roll(full) >= all_.size())
      insert();
    else
      remove();
    for (InterestIndex* index : {&one_, &two_, &three_}) index->passed_tick(kLoop);
  }
  void check() {
    AccountId account{dice_.roll(2)};
    std::string subject = random_subject(dice_);
    CAPTURE(subject);
    MatchResult result = matched(one_, subject, account);
    CHECK(sorted_out(result, patterns_) == naive(all_, account, subject));
    CHECK(same(result, matched(two_, subject, account)));
    CHECK(same(result, matched(three_, subject, account)));
    std::vector<std::string> names;
    for (const auto& group : result.groups) names.push_back(group.name);
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
  void remove_all() {
    while (!all_.empty()) remove();
    for (InterestIndex* index : {&one_, &two_, &three_}) {
      while (index->stats().waiting_to_be_freed > 0) index->passed_tick(kLoop);
      CHECK(index->stats().subscriptions == 0);
      CHECK(index->stats().literal_subjects == 0);
      CHECK(index->stats().trie_edges == 0);
    }
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  const InterestIndex& index() { return one_; }

 private:
  void insert() {
    const char* queues[] = {"", "", "", "q", "workers"};
    Subscription one{
        {dice_.roll(2)}, random_pattern(dice_), queues[dice_.roll(5)], target(next_slot_++), {}};
    two_registrations_[one.target.slot()] = {
        two_.insert(one.account, one.pattern, one.queue, one.target),
        three_.insert(one.account, one.pattern, one.queue, one.target)};
    one.registration = one_.insert(one.account, one.pattern, one.queue, one.target);
    patterns_[one.target.slot()] = one.pattern;
    all_.push_back(one);
  }
  void remove() {
    std::size_t victim = dice_.roll(static_cast<std::uint32_t>(all_.size()));
    Subscription one = all_[victim];
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(victim));
    auto& [second, third] = two_registrations_.at(one.target.slot());
    one_.remove(one.registration, one.target);
    two_.remove(second, one.target);
    three_.remove(third, one.target);
    two_registrations_.erase(one.target.slot());
  }

  Dice dice_;
  InterestIndex one_{1, 1};
  InterestIndex two_{1, 0xdeadbeef};
  InterestIndex three_{1, ~std::uint64_t{0}};
  std::uint32_t next_slot_ = 0;
  std::vector<Subscription> all_;
  std::map<std::uint32_t, std::string> patterns_;
  std::map<std::uint32_t, std::pair<Registration, Registration>> two_registrations_;
};

TEST_CASE("random operations agree with the naive list, under three salts") {
  for (std::uint64_t seed : {1, 2, 3, 4}) {
    World world(seed);
    for (int i = 0; i < 3000; ++i) {
      // The world grows to hundreds of subscriptions, shrinks to a few, and grows again.
      world.step(i % 1000 < 700 ? 900 : 20);
      if (i % 3 == 0) world.check();
    }
    world.remove_all();
  }
}

TEST_CASE("a generation moves whenever its match changes") {
  Dice dice(11);
  InterestIndex index(1, 3);
  std::vector<Subscription> all;
  std::vector<std::string> subjects;
  for (int i = 0; i < 60; ++i) subjects.push_back(random_subject(dice));
  for (int step = 0; step < 2000; ++step) {
    std::vector<std::uint64_t> before;
    std::vector<MatchResult> results;
    for (const std::string& subject : subjects) {
      before.push_back(index.generation(kAccount, subject));
      results.push_back(matched(index, subject));
    }
    if (all.size() < 5 || dice.roll(50) >= all.size()) {
      Target next = target(static_cast<std::uint32_t>(step));
      std::string pattern = random_pattern(dice);
      all.push_back({kAccount, pattern, "", next, index.insert(kAccount, pattern, "", next)});
    } else {
      std::size_t victim = dice.roll(static_cast<std::uint32_t>(all.size()));
      index.remove(all[victim].registration, all[victim].target);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    index.passed_tick(kLoop);
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (same(results[i], matched(index, subjects[i]))) continue;
      CAPTURE(subjects[i]);
      CHECK(index.generation(kAccount, subjects[i]) != before[i]);
    }
  }
}

TEST_CASE("a generation stays when something unrelated changes") {
  InterestIndex index(1, 3);
  auto before = index.generation(kAccount, "_INBOX.one.x");
  index.insert(kAccount, "_INBOX.two.y", "", target(1));
  index.insert(kAccount, "_INBOX.three.*", "", target(2));
  index.insert(kAccount, "other.*", "", target(3));
  index.insert(AccountId{1}, ">", "", target(4));
  CHECK(index.generation(kAccount, "_INBOX.one.x") == before);
  index.insert(kAccount, "_INBOX.*.y", "", target(5));
  CHECK(index.generation(kAccount, "_INBOX.one.x") != before);
}

TEST_CASE("100,000 targets on one subject come and go") {
  InterestIndex index(1, 3);
  constexpr std::uint32_t kTargets = 100'000;
  std::vector<Registration> all;
  for (std::uint32_t i = 0; i < kTargets; ++i)
    all.push_back(index.insert(kAccount, "wide", "", target(i)));
  CHECK(matched(index, "wide").plain.size() == kTargets);
  // A step that is prime to the size visits all of them in scattered order.
  for (std::uint32_t i = 0, at = 0; i < kTargets; ++i, at = (at + 77'773) % kTargets)
    index.remove(all[at], target(at));
  CHECK(matched(index, "wide").empty());
  while (index.stats().waiting_to_be_freed > 0) index.passed_tick(kLoop);
  CHECK(index.stats().literal_subjects == 0);
}

TEST_CASE("a sleeping loop holds back no memory, a loop that is busy does") {
  InterestIndex index(3, 3);
  auto churn = [&index] {
    for (std::uint32_t i = 0; i < 100; ++i) {
      std::string subject = "_INBOX." + std::to_string(i);
      index.remove(index.insert(kAccount, subject, "", target(i)), target(i));
    }
  };
  index.going_to_sleep({1});
  index.going_to_sleep({2});
  churn();
  index.passed_tick({0});
  CHECK(index.stats().waiting_to_be_freed == 0);
  index.woke_up({1});
  churn();
  for (int i = 0; i < 5; ++i) index.passed_tick({0});
  CHECK(index.stats().waiting_to_be_freed > 0);
  index.passed_tick({1});
  index.passed_tick({0});
  index.passed_tick({1});
  index.passed_tick({0});
  CHECK(index.stats().waiting_to_be_freed == 0);
}

}  // namespace
}  // namespace midge::subject
