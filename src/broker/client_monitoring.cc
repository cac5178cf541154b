// What monitoring tells of a client.
#include "broker/client.h"
#include "broker/worker.h"

namespace midge::broker {

ConnectionInfo Client::info(bool with_subscriptions) const {
  ConnectionInfo info;
  describe(info);
  if (with_subscriptions) list_subscriptions(info.subscription_list);
  return info;
}

void Client::describe(ConnectionInfo& into) const {
  into.cid = cid_;
  const io::Address remote = stream_ ? stream_->remote() : io::Address{};
  into.ip = remote.host;
  into.port = remote.port;
  into.in_process = stream_ && stream_->in_process();
  into.web_socket = stream_ && is_web_socket();
  into.start = started_;
  into.last_activity = worker_.wall() + Duration{last_input_.ns - worker_.now().ns};
  into.rtt = rtt_;
  into.pending_bytes = static_cast<std::int64_t>(outbox_.pending());
  into.in_msgs = traffic_.in_msgs;
  into.in_bytes = traffic_.in_bytes;
  into.out_msgs = traffic_.out_msgs;
  into.out_bytes = traffic_.out_bytes;
  into.stalls = stalls_;
  into.dropped = dropped_;
  into.subscriptions = sids_.size();
  into.name = options_.name;
  into.lang = options_.lang;
  into.version = options_.version;
  into.account = worker_.broker().accounts().name(account_);
  into.authorized_user = shown_user();
  describe_login(into);
}

void Client::describe_login(ConnectionInfo& into) const {
  static const auth::Identity nobody;
  const auth::Identity& identity = identity_ ? *identity_ : nobody;
  into.user_name = identity.user_name;
  into.name_tag = identity.name_tag;
  into.tags = identity.tags;
  into.jwt = identity.jwt;
  into.issuer_key = identity.issuer_key;
  into.proxy = identity.proxy;
  static const io::SecurePeer unencrypted;
  const io::SecurePeer* secure = secure_peer();
  const io::SecurePeer& peer = secure != nullptr ? *secure : unencrypted;
  into.tls_version = peer.version;
  into.tls_cipher = peer.cipher;
  into.tls_first = secure != nullptr && tls_first_;
  into.tls_peer_certs = peer.certificates;
}

void Client::list_subscriptions(std::vector<SubscriptionInfo>& into) const {
  sids_.for_each(worker_.subscriptions(),
                 [&](const Subscription& subscription) { into.push_back(describe(subscription)); });
}

SubscriptionInfo Client::describe(const Subscription& subscription) const {
  const subject::Registration& registration = subscription.registration;
  return {.account = worker_.broker().accounts().name(account_),
          .subject = std::string(registration.subject()),
          .queue = std::string(registration.queue()),
          .sid = std::string(subscription.sid.text()),
          .delivered = subscription.delivered,
          .max = subscription.max,
          .cid = cid_};
}

}  // namespace midge::broker
