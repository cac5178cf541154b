#include "jetstream/consumer/priority.h"

#include <algorithm>

namespace midge::jetstream {

std::optional<std::string> Priority::refusal(const ConsumerConfig& config, const PullTerms& terms) {
  const bool overflow = terms.min_pending != 0 || terms.min_ack_pending != 0;
  if (overflow && config.priority_policy != PriorityPolicy::kOverflow)
    return "Not a Overflow Priority consumer";
  if (!terms.pin_id.empty() && config.priority_policy != PriorityPolicy::kPinnedClient)
    return "Not a Pinned Client Priority consumer";
  if (terms.priority < 0 || terms.priority > 9) return "Priority must be between 0 and 9";
  if (config.priority_policy == PriorityPolicy::kNone) return std::nullopt;
  // A body that is no JSON can not name one: that is served.
  if (terms.group.empty() && terms.is_json) return "Priority Group missing";
  if (!terms.group.empty() &&
      std::ranges::find(config.priority_groups, terms.group) == config.priority_groups.end())
    return "Invalid Priority Group";
  return std::nullopt;
}

std::list<PullRequest>::iterator Priority::choose(const ConsumerConfig& config,
                                                  std::list<PullRequest>& requests,
                                                  const State& state) const {
  switch (config.priority_policy) {
    case PriorityPolicy::kNone:
      return requests.begin();
    case PriorityPolicy::kOverflow:
      return std::ranges::find_if(requests, [&](const PullRequest& request) {
        const PullTerms& terms = request.terms;
        if (terms.min_pending == 0 && terms.min_ack_pending == 0) return true;
        return (terms.min_pending > 0 &&
                state.pending >= static_cast<std::uint64_t>(terms.min_pending)) ||
               (terms.min_ack_pending > 0 &&
                state.ack_pending >= static_cast<std::uint64_t>(terms.min_ack_pending));
      });
    case PriorityPolicy::kPinnedClient:
      if (pin_id_.empty()) return requests.begin();
      return std::ranges::find_if(requests, [&](const PullRequest& request) {
        return !request.terms.pin_id.empty() || request.terms.group.empty();
      });
    case PriorityPolicy::kPrioritized:
      return std::ranges::min_element(
          requests, {}, [](const PullRequest& request) { return request.terms.priority; });
  }
  return requests.end();
}

bool Priority::pin(PullRequest& request, std::string_view new_id, WallTime now, MonoTime since) {
  if (!pin_id_.empty() || request.terms.group.empty()) return false;
  pin_id_ = new_id;
  request.terms.pin_id = pin_id_;
  pinned_at_ = now;
  last_asked_ = since;
  return true;
}

}  // namespace midge::jetstream
