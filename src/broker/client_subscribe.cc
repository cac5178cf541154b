// SUB and UNSUB of a client.
#include <algorithm>

#include "broker/client.h"
#include "broker/worker.h"
#include "subject/subject.h"

namespace midge::broker {

void Client::handle_subscribe(const proto::Frame& frame) {
  if (!may_subscribe(frame)) return;
  const BrokerConfig& config = worker_.config();
  if (config.max_sub_tokens > 0 &&
      subject::token_count(frame.subject) > static_cast<std::size_t>(config.max_sub_tokens)) {
    return send_error("Permissions Violation for Subscription to \"" + std::string(frame.subject) +
                      "\", too many tokens");
  }
  const std::int64_t limit = subscriptions_max();
  if (limit >= 0 && sids_.size() >= static_cast<std::size_t>(limit))
    return send_error("maximum subscriptions exceeded");
  if (worker_.broker().memory().refuses()) return send_error(kMemoryLimitReached);
  SubscriptionTable& table = worker_.subscriptions();
  if (sids_.find(table, frame.sid) != nullptr) return send_ok();
  if (!subject::is_valid(frame.subject)) return send_error("Invalid Subject");

  Subscription& subscription = table.allocate();
  subscription.client = this;
  subscription.sid = Sid(frame.sid);
  subscription.registration = worker_.broker().index().insert(account(), frame.subject, frame.queue,
                                                              table.target_of(subscription));
  sids_.insert(table, subscription);
  worker_.announce_interest(account(), frame.subject);
  worker_.spend(256);
  send_ok();
}

bool Client::may_subscribe(const proto::Frame& frame) {
  const bool is_reserved = frame.queue == "_sys_";
  if (!is_reserved) {
    if (!permissions_) return true;
    if (permissions_->may_subscribe(frame.subject, frame.queue)) {
      choose_delivery();
      return true;
    }
  }
  const std::string subject = '"' + std::string(frame.subject) + '"';
  const std::string queue = '"' + std::string(frame.queue) + '"';
  send_error("Permissions Violation for Subscription to " + subject +
             (frame.queue.empty() ? "" : " using queue " + queue));
  log_wrong("Subscription Violation - Subject " + subject +
            (frame.queue.empty() ? "" : ", Queue: " + queue) + ", SID " + std::string(frame.sid));
  return false;
}

std::int64_t Client::subscriptions_max() const {
  const std::int64_t servers = worker_.config().max_subscriptions;
  const std::int64_t accounts = account_limits().max_subscriptions;
  std::int64_t own = identity_ ? identity_->max_subscriptions : -1;
  if (own < 0 || (accounts >= 0 && accounts < own)) own = accounts;
  if (servers <= 0) return own;
  return own < 0 ? servers : std::min(own, servers);
}

void Client::handle_unsubscribe(const proto::Frame& frame) {
  worker_.spend(256);
  Subscription* subscription = sids_.find(worker_.subscriptions(), frame.sid);
  if (subscription != nullptr) {
    if (frame.max > subscription->delivered) {
      subscription->max = frame.max;
    } else {
      remove_subscription(*subscription);
    }
  }
  send_ok();
}

void Client::remove_subscription(Subscription& subscription) {
  if (worker_.log().trace_on()) [[unlikely]]
    worker_.log().trace(log_name() + " - <-> [DELSUB " + std::string(subscription.sid.text()) +
                        "]");
  SubscriptionTable& table = worker_.subscriptions();
  worker_.broker().index().remove(subscription.registration, table.target_of(subscription));
  sids_.erase(table, subscription);
  table.release(subscription);
}

void Client::remove_all_subscriptions() {
  SubscriptionTable& table = worker_.subscriptions();
  sids_.for_each(table, [&](Subscription& subscription) {
    if (worker_.log().trace_on()) [[unlikely]]
      worker_.log().trace(log_name() + " - <-> [DELSUB " + std::string(subscription.sid.text()) +
                          "]");
    worker_.broker().index().remove(subscription.registration, table.target_of(subscription));
    table.release(subscription);
  });
  sids_ = SidTable();
}

}  // namespace midge::broker
