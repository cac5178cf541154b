// The server's own subscriptions and publishes on a loop.
#include "broker/call_mail.h"
#include "broker/internal_stream.h"
#include "broker/user_info.h"
#include "broker/worker.h"
#include "subject/subject.h"

namespace midge::broker {

void Worker::add_service(LoopService& service) { services_.push_back(&service); }

Client& Worker::internal() {
  if (!internal_) internal_ = Client::make_internal(*this, std::make_unique<InternalStream>());
  return *internal_;
}

subject::Target Worker::subscribe_internal(AccountId account, std::string_view subject,
                                           std::string_view queue, InternalReceiver& receiver) {
  Subscription& subscription = subscriptions_.allocate();
  subscription.client = &internal();
  subscription.receiver = &receiver;
  const subject::Target target = subscriptions_.target_of(subscription);
  subscription.registration = broker_.index().insert(account, subject, queue, target);
  announce_interest(account, subject);
  return target;
}

void Worker::unsubscribe_internal(subject::Target target) {
  Subscription* subscription = subscriptions_.find(target);
  if (subscription == nullptr) return;
  broker_.index().remove(subscription->registration, target);
  subscriptions_.release(*subscription);
}

std::string Worker::client_json(std::uint64_t cid) const {
  const Client* client = find_client(cid);
  if (client == nullptr) return {};
  const ConnectionInfo connection = client->info(false);
  RequestInfo info;
  info.account = connection.account;
  info.rtt = client->rtt();
  info.connection = &connection;
  info.server = config_->info.server_name;
  return info.json();
}

std::string Worker::user_json(std::uint64_t cid) const {
  const Client* client = find_client(cid);
  if (client == nullptr) return {};
  const ConnectionInfo connection = client->info(false);
  const AccountPlan* plan = plans_->find(client->account());
  return UserInfo{.user = connection.authorized_user,
                  .account = connection.account,
                  .account_title = plan == nullptr ? std::string_view() : plan->title,
                  .identity = client->identity().get(),
                  .now = wall()}
      .json();
}

bool Worker::receive_internal(Subscription& subscription, const Message& message) {
  ++subscription.delivered;
  subscription.receiver->on_message(message);
  return true;
}

Published Worker::publish_internal(std::string_view to, const Message& message) {
  const bool was_slow = std::exchange(slow_receiver_, false);
  Published result;
  if (is_response_subject(to)) [[unlikely]] {
    if (send_response(to, message, {loop_.id(), false, true, 0})) ++result.reached;
  }
  Route& route = routes_.find_for_answer(message.account, to);
  if (route.detour) [[unlikely]] {
    const bool may_ask = message.subject == to;
    result.reached += deliver_anew(to, message, may_ask ? &internal() : nullptr);
  } else {
    result.reached += deliver_to(route, message, nullptr);
    const Origin origin{loop_.id(), false, true, 0};
    for (const auto& group : route.groups)
      if (deliver_to_group(group, message, origin, 0)) ++result.reached;
  }
  result.receiver_slow = std::exchange(slow_receiver_, was_slow) || out_of_credit_;
  return result;
}

void Worker::announce_interest(AccountId account, std::string_view pattern) {
  if (!broker_.interest_watch().anybody_waits()) [[likely]]
    return;
  tell_waiting(account, pattern);
  const AccountPlan* plan = plans_->find(account);
  if (plan == nullptr) return;
  for (const AccountId origin : plan->stream_origins)
    for (const StreamUse& use : plans_->find(origin)->stream_uses)
      if (use.importer == account && subject::overlaps(use.pattern, pattern))
        tell_waiting(origin, use.taken_by(pattern));
}

void Worker::tell_waiting(AccountId account, std::string_view pattern) {
  broker_.interest_watch().for_waiting(account, pattern, [&](LoopId loop) {
    if (loop == loop_.id()) return note_interest(account, pattern);
    broker_.workers()[loop.value]->loop().post(
        call_worker([account, pattern = std::string(pattern)](Worker& w) {
          w.note_interest(account, pattern);
        }));
  });
}

void Worker::note_interest(AccountId account, std::string_view pattern) {
  for (LoopService* service : services_) service->on_interest(account, pattern);
}

bool Worker::has_interest(AccountId account, std::string_view subject, bool asks_services) {
  // It leads to a requester in another account.
  if (is_response_subject(subject)) return true;
  const Route& route = routes_.find(account, subject);
  if (route.detour == nullptr) [[likely]]
    return route.fanout() > 0;
  CrossRoute all;
  routes_.router().build(account, subject, random(), all);
  return all.reaches_anybody(asks_services);
}

bool Worker::has_literal_interest(AccountId account, std::string_view subject) const {
  return broker_.index().has_literal(account, subject);
}

}  // namespace midge::broker
