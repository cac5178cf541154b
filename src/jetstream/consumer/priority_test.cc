// Whose turn it is under each priority policy: tables of requests that wait.
#include "jetstream/consumer/priority.h"

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

PullRequest request(std::string reply, PullTerms terms) {
  PullRequest made;
  made.reply = std::move(reply);
  made.terms = std::move(terms);
  return made;
}

std::string chosen(const Priority& priority, PriorityPolicy policy,
                   std::list<PullRequest>& requests, Priority::State state = {}) {
  ConsumerConfig config;
  config.priority_policy = policy;
  const auto found = priority.choose(config, requests, state);
  return found == requests.end() ? "" : found->reply;
}

}  // namespace

TEST_CASE("without a policy it is first come, first served") {
  std::list<PullRequest> requests;
  CHECK(chosen({}, PriorityPolicy::kNone, requests).empty());
  requests.push_back(request("a", {.priority = 3}));
  requests.push_back(request("b", {}));
  CHECK(chosen({}, PriorityPolicy::kNone, requests) == "a");
}

TEST_CASE("overflow: who set a limit is served when it is reached") {
  std::list<PullRequest> requests;
  requests.push_back(request("pending", {.min_pending = 10}));
  requests.push_back(request("acks", {.min_ack_pending = 5}));
  CHECK(chosen({}, PriorityPolicy::kOverflow, requests, {9, 4}).empty());
  CHECK(chosen({}, PriorityPolicy::kOverflow, requests, {10, 4}) == "pending");
  CHECK(chosen({}, PriorityPolicy::kOverflow, requests, {9, 5}) == "acks");
  requests.push_back(request("any", {}));
  CHECK(chosen({}, PriorityPolicy::kOverflow, requests, {0, 0}) == "any");
}

TEST_CASE("prioritized: the lowest number, of those the first") {
  std::list<PullRequest> requests;
  requests.push_back(request("two", {.priority = 2}));
  requests.push_back(request("one", {.priority = 1}));
  requests.push_back(request("one later", {.priority = 1}));
  CHECK(chosen({}, PriorityPolicy::kPrioritized, requests) == "one");
}

TEST_CASE("pinned: whoever has the pin, until it is taken back") {
  std::list<PullRequest> requests;
  requests.push_back(request("a", {.group = "g"}));
  requests.push_back(request("b", {.group = "g", .pin_id = "P"}));
  requests.push_back(request("old", {.group = "g", .pin_id = "O"}));
  Priority priority;
  CHECK(chosen(priority, PriorityPolicy::kPinnedClient, requests) == "a");
  CHECK(priority.pin(requests.front(), "P", {}, {}));
  CHECK_FALSE(priority.pin(requests.front(), "Q", {}, {}));
  CHECK(chosen(priority, PriorityPolicy::kPinnedClient, requests) == "a");
  requests.front().terms.pin_id.clear();
  CHECK(chosen(priority, PriorityPolicy::kPinnedClient, requests) == "b");
  CHECK(priority.has_wrong_id({.pin_id = "Q"}));
  CHECK_FALSE(priority.has_wrong_id({.pin_id = "P"}));
  // Its turn comes too, and then it is told that its id is no more.
  requests.pop_front();
  requests.pop_front();
  CHECK(chosen(priority, PriorityPolicy::kPinnedClient, requests) == "old");
  requests.push_front(request("a", {.group = "g"}));
  priority.unpin();
  CHECK(chosen(priority, PriorityPolicy::kPinnedClient, requests) == "a");
}

TEST_CASE("terms that the policy does not know are refused") {
  struct Row {
    PriorityPolicy policy;
    PullTerms terms;
    std::optional<std::string> status;
  };
  const Row rows[] = {
      {PriorityPolicy::kNone, {}, std::nullopt},
      {PriorityPolicy::kPrioritized,
       {.group = "g", .priority = 10},
       "Priority must be between 0 and 9"},
      {PriorityPolicy::kNone, {.min_pending = 1}, "Not a Overflow Priority consumer"},
      {PriorityPolicy::kOverflow, {.group = "g", .min_pending = 1}, std::nullopt},
      {PriorityPolicy::kOverflow, {.pin_id = "x"}, "Not a Pinned Client Priority consumer"},
      {PriorityPolicy::kOverflow, {.group = "other"}, "Invalid Priority Group"},
      {PriorityPolicy::kPinnedClient, {}, std::nullopt},
      {PriorityPolicy::kPinnedClient, {.is_json = true}, "Priority Group missing"},
      {PriorityPolicy::kNone, {.is_json = true}, std::nullopt},
  };
  for (const Row& row : rows) {
    ConsumerConfig config;
    config.priority_policy = row.policy;
    config.priority_groups = {"g"};
    CHECK(Priority::refusal(config, row.terms) == row.status);
  }
}

}  // namespace midge::jetstream
