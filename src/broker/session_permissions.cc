#include "broker/session_permissions.h"

namespace midge::broker {

bool SessionPermissions::ask_rules(std::string_view subject) {
  if (!rules_->may_publish(subject)) return false;
  // Looking for another shortcut costs as much as several questions.
  constexpr unsigned kLookEvery = 8;
  if (not_as_before_++ % kLookEvery == 0) {
    if (const auth::PublishShortcut* found = rules_->publish_shortcut(subject))
      before_[like(subject)] = found;
  }
  return true;
}

bool SessionPermissions::may_subscribe(std::string_view subject, std::string_view queue) {
  switch (rules_->may_subscribe(subject, queue)) {
    case auth::Permissions::Subscribe::kDenied:
      return false;
    case auth::Permissions::Subscribe::kAllowedInPart:
      sieves_ = true;
      return true;
    case auth::Permissions::Subscribe::kAllowed:
      return true;
  }
  return false;
}

bool SessionPermissions::may_receive(std::string_view subject, std::string_view queue) {
  if (!sieves_) return true;
  const auto ask = [&] { return rules_->may_receive(subject, queue); };
  if (!queue.empty() && rules_->receiving_depends_on_queue()) return ask();
  return receive_.find(subject, ask);
}

void SessionPermissions::note_request(std::string_view reply, MonoTime now) {
  const auto& rule = rules_->responses();
  if (!rule || rules_->may_publish(reply)) return;
  forget_old(now);
  const bool expires = rule->expires.ns >= 0;
  const MonoTime until = expires ? now + rule->expires : MonoTime{};
  if (const auto found = by_reply_.find(reply); found != by_reply_.end()) {
    // Another request with the same inbox: it may be answered as often as the first one.
    Request& request = *found->second;
    if (rule->max >= 0) request.left += rule->max;
    request.expires = until;
    requests_.splice(requests_.end(), requests_, found->second);
    return;
  }
  requests_.push_back({std::string(reply), rule->max, until});
  by_reply_.emplace(requests_.back().reply, std::prev(requests_.end()));
}

bool SessionPermissions::take_reply(std::string_view subject, MonoTime now) {
  const auto found = by_reply_.find(subject);
  if (found == by_reply_.end()) return false;
  const auto request = found->second;
  if (request->expires.ns != 0 && now > request->expires) {
    forget(request);
    return false;
  }
  if (request->left > 0 && --request->left == 0) forget(request);
  return true;
}

void SessionPermissions::forget(Requests::iterator request) {
  by_reply_.erase(request->reply);
  requests_.erase(request);
}

void SessionPermissions::forget_old(MonoTime now) {
  while (!requests_.empty() && requests_.front().expires.ns != 0 && now > requests_.front().expires)
    forget(requests_.begin());
  while (requests_.size() >= kRequestsMax) forget(requests_.begin());
}

}  // namespace midge::broker
