#include "sim/workload/core_delivery.h"

#include <algorithm>
#include <set>

#include "sim/workload/delivery_model.h"

namespace midge::sim {
namespace {

constexpr Duration kBarrierPatience = seconds(300);
constexpr int kInboxSid = 1;

std::string_view publisher_of(std::string_view payload) {
  return payload.substr(0, payload.find('#'));
}

int number_of(std::string_view payload) {
  const auto hash = payload.find('#');
  return hash == std::string_view::npos ? -1 : std::stoi(std::string(payload.substr(hash + 1, 9)));
}

bool is_no_responders(const Received& message) { return !message.headers.empty(); }

std::string told(std::string_view payload) { return std::string(payload.substr(0, 24)); }

}  // namespace

CoreDelivery::CoreDelivery(SimEnv& env, Connect connect, bool may_drop)
    : env_(env), connect_(std::move(connect)), may_drop_(may_drop), random_(env.fork_random()) {}

CoreDelivery::~CoreDelivery() = default;

Result<void> CoreDelivery::setup() {
  const auto count = random_.between(2, 10);
  for (int i = 0; i < count; ++i) join_peer();
  return barrier("setup");
}

void CoreDelivery::join_peer() {
  auto peer = std::make_unique<Peer>();
  peer->name = "p" + std::to_string(next_name_++);
  peer->echo = !random_.one_in(4);
  peer->no_responders = random_.one_in(2);
  peer->client = std::make_unique<SimClient>(env_, connect_());
  const auto flag = [](bool on) { return on ? "true" : "false"; };
  peer->client->send(
      "CONNECT {\"verbose\":" + std::string(flag(random_.one_in(4))) +
      ",\"pedantic\":false,\"headers\":true,\"protocol\":1,\"echo\":" + flag(peer->echo) +
      ",\"no_responders\":" + flag(peer->no_responders) + ",\"name\":\"" + peer->name + "\"}\r\n");
  peer->client->subscribe("_INBOX." + peer->name + ".*", "", kInboxSid);
  peer->subscriptions.push_back({kInboxSid, "_INBOX." + peer->name + ".*", ""});
  peer->next_sid = kInboxSid + 1;
  peers_.push_back(std::move(peer));
}

Result<void> CoreDelivery::step() {
  while (peers_.size() < 2 || (peers_.size() < 12 && random_.one_in(3))) join_peer();
  for (const auto& peer : peers_) change_subscriptions(*peer);
  TRY(barrier("subscriptions"));
  let_leavers_go();
  drop_gone();

  for (const auto& peer : peers_) publish_some(*peer);
  const std::size_t present = peers_.size();
  for (std::size_t i = 0; i < present; ++i) trouble(*peers_[i]);
  TRY(barrier("publishing"));
  TRY(barrier("arriving"));
  let_leavers_go();
  collect();
  if (auto result = check_round(); !result) return failure(result.error().text() + picture());
  drop_gone();
  return {};
}

std::string CoreDelivery::picture() const {
  std::string text;
  for (const auto& peer : peers_) {
    text += "\n    " + peer->name +
            (peer->stays ? "" : " (left: " + peer->client->last_error() + ")") +
            (peer->echo ? "" : " no echo") + ":";
    for (const Subscription& subscription : peer->subscriptions) {
      text += " " + std::to_string(subscription.sid) + "=" + subscription.subject;
      if (!subscription.queue.empty()) text += "/" + subscription.queue;
      if (subscription.max > 0) text += "<=" + std::to_string(subscription.max);
    }
  }
  return text;
}

Result<void> CoreDelivery::check() {
  for (const auto& peer : peers_) peer->client->disconnect();
  return {};
}

std::string CoreDelivery::draw_subject(bool wildcards) {
  std::string subject;
  const auto depth = random_.between(1, 3);
  for (int i = 0; i < depth; ++i) {
    if (i > 0) subject += '.';
    if (wildcards && i == depth - 1 && random_.one_in(5)) return subject + ">";
    subject += wildcards && random_.one_in(4) ? '*' : static_cast<char>('a' + random_.below(3));
  }
  return subject;
}

void CoreDelivery::change_subscriptions(Peer& peer) {
  for (auto changes = random_.below(5); changes > 0; --changes) {
    if (peer.subscriptions.size() > 1 && random_.one_in(3)) {
      const std::size_t index = 1 + random_.below(peer.subscriptions.size() - 1);
      peer.client->unsubscribe(peer.subscriptions[index].sid, 0);
      peer.subscriptions.erase(peer.subscriptions.begin() + static_cast<std::ptrdiff_t>(index));
      continue;
    }
    Subscription subscription{peer.next_sid++, draw_subject(true), ""};
    if (random_.one_in(3)) subscription.queue = random_.one_in(2) ? "q1" : "q2";
    peer.client->subscribe(subscription.subject, subscription.queue, subscription.sid);
    if (subscription.queue.empty() && random_.one_in(5)) {
      subscription.max = 1 + random_.below(20);
      peer.client->unsubscribe(subscription.sid, static_cast<int>(subscription.max));
    }
    peer.subscriptions.push_back(std::move(subscription));
  }
}

void CoreDelivery::publish_some(Peer& peer) {
  for (auto count = random_.below(40); count > 0; --count) {
    Published message;
    message.subject = draw_subject(false);
    if (random_.one_in(4))
      message.reply = "_INBOX." + peer.name + "." + std::to_string(peer.published);
    const std::size_t size = random_.one_in(50)  ? 17'000 + random_.below(40'000)
                             : random_.one_in(4) ? random_.below(3000)
                                                 : random_.below(40);
    message.payload = peer.name + "#" + std::to_string(peer.published++) + "#";
    message.payload.resize(std::max(size, message.payload.size()), '.');
    peer.client->publish(message.subject, message.reply, message.payload);
    messages_.push_back(std::move(message));
  }
}

// Some go in the middle of things, some stop reading for a while.
void CoreDelivery::trouble(Peer& peer) {
  if (random_.one_in(12)) {
    peer.stays = false;
    const bool hard = random_.one_in(2);
    env_.after(microseconds(random_.between(1, 20'000)), [&peer, hard] {
      if (hard) {
        peer.client->vanish();
      } else {
        peer.client->disconnect();
      }
    });
  } else if (random_.one_in(8)) {
    peer.client->stop_reading(true);
    env_.after(milliseconds(random_.between(1, random_.one_in(4) ? 30'000 : 200)),
               [&peer] { peer.client->stop_reading(false); });
  }
}

// Everyone who is there gets a PONG.
Result<void> CoreDelivery::barrier(const char* what) {
  for (const auto& peer : peers_)
    if (peer->client->open()) peer->client->ping();
  const auto reached = [this] {
    return std::ranges::all_of(peers_, [](const auto& peer) {
      return !peer->client->open() || peer->client->pongs_missing() == 0 ||
             !peer->client->garbage().empty();
    });
  };
  const bool in_time = env_.run_until(reached, kBarrierPatience);
  for (const auto& peer : peers_) {
    if (!peer->client->garbage().empty())
      return failure(peer->name + " was sent what is not the protocol: " + peer->client->garbage());
    if (!peer->client->open()) peer->stays = false;
  }
  if (in_time) return {};
  for (const auto& peer : peers_) {
    if (peer->client->open() && peer->client->pongs_missing() > 0)
      return failure(std::string(what) + ": " + peer->name + " waits for a PONG for ever");
  }
  return {};
}

void CoreDelivery::collect() {
  for (const auto& peer : peers_) peer->received = peer->client->take_received();
  for (Published& message : messages_) {
    message.certain = std::ranges::any_of(
        peers_, [&](const auto& peer) { return peer->stays && sent_by(*peer, message.payload); });
  }
}

// What they sent may still be under way, and until the server has noticed that they went, it may
// draw them as members of queue groups.
void CoreDelivery::let_leavers_go() {
  if (std::ranges::all_of(peers_, [](const auto& peer) { return peer->stays; })) return;
  env_.run_for(seconds(8));
  for (const auto& peer : peers_)
    if (!peer->client->open()) peer->stays = false;
}

void CoreDelivery::drop_gone() {
  messages_.clear();
  std::erase_if(peers_, [](const auto& peer) { return !peer->stays; });
}

// ---- what must hold

bool CoreDelivery::sent_by(const Peer& peer, std::string_view payload) {
  return publisher_of(payload) == peer.name;
}

Result<void> CoreDelivery::check_round() {
  Delivered delivered;
  for (const auto& peer : peers_) {
    TRY(check_origin(*peer));
    for (const Received& message : peer->received)
      delivered[{peer.get(), message.sid}].push_back(&message);
  }
  for (const auto& peer : peers_)
    if (peer->stays && !may_drop_) TRY(check_no_responders(*peer, delivered));
  TRY(check_queues(delivered));
  for (const auto& peer : peers_) {
    if (!peer->stays) continue;
    for (Subscription& subscription : peer->subscriptions)
      if (subscription.queue.empty()) TRY(check_plain(*peer, subscription, delivered));
    std::erase_if(peer->subscriptions, [](const Subscription& subscription) {
      return subscription.max > 0 && subscription.received >= subscription.max;
    });
  }
  return {};
}

// Nothing comes that was not sent, or to whom it does not concern, or otherwise than it was sent.
Result<void> CoreDelivery::check_origin(const Peer& peer) const {
  std::map<std::string_view, const Published*> by_payload;
  for (const Published& message : messages_) by_payload[message.payload] = &message;
  std::set<std::pair<int, std::string_view>> seen;
  for (const Received& message : peer.received) {
    const std::string where = peer.name + " sid " + std::to_string(message.sid) + ": ";
    const auto subscription =
        std::ranges::find(peer.subscriptions, message.sid, &Subscription::sid);
    if (subscription == peer.subscriptions.end()) return failure(where + "no such subscription");
    if (!matches(subscription->subject, message.subject))
      return failure(where + message.subject + " does not match " + subscription->subject);
    if (is_no_responders(message)) continue;
    const auto sent = by_payload.find(message.payload);
    if (sent == by_payload.end())
      return failure(where + "nobody sent " + told(message.payload) + " in this round");
    if (sent->second->subject != message.subject || sent->second->reply != message.reply)
      return failure(where + told(message.payload) + " came with another subject or reply");
    if (!peer.echo && sent_by(peer, message.payload)) return failure(where + "an unwanted echo");
    if (!seen.insert({message.sid, message.payload}).second)
      return failure(where + told(message.payload) + " came twice");
  }
  return {};
}

Result<void> CoreDelivery::check_order(const std::vector<const Received*>& messages,
                                       const std::string& where) {
  std::map<std::string_view, int> last;
  for (const Received* message : messages) {
    const auto [previous, first] = last.try_emplace(publisher_of(message->payload), -1);
    if (number_of(message->payload) <= previous->second)
      return failure(where + told(message->payload) + " came out of order");
    previous->second = number_of(message->payload);
  }
  return {};
}

Result<void> CoreDelivery::check_plain(Peer& peer, Subscription& subscription,
                                       const Delivered& delivered) {
  const std::string where =
      peer.name + " sid " + std::to_string(subscription.sid) + " on " + subscription.subject + ": ";
  std::vector<const Received*> got;
  if (const auto found = delivered.find({&peer, subscription.sid}); found != delivered.end())
    got = found->second;
  std::erase_if(got, [](const Received* message) { return is_no_responders(*message); });
  TRY(check_order(got, where));

  std::set<std::string_view> payloads;
  for (const Received* message : got) payloads.insert(message->payload);
  std::size_t at_least = 0;
  std::size_t at_most = 0;
  std::string missing;
  for (const Published& message : messages_) {
    if (!matches(subscription.subject, message.subject)) continue;
    if (!peer.echo && sent_by(peer, message.payload)) continue;
    ++at_most;
    if (!message.certain || may_drop_) continue;
    ++at_least;
    if (!payloads.contains(message.payload)) missing = told(message.payload);
  }
  if (subscription.max > 0) {
    const std::size_t left = subscription.max - subscription.received;
    at_least = std::min(at_least, left);
    at_most = std::min(at_most, left);
  }
  subscription.received += got.size();
  if (got.size() >= at_least && got.size() <= at_most && (missing.empty() || subscription.max > 0))
    return {};
  return failure(where + std::to_string(got.size()) + " messages came, expected " +
                 std::to_string(at_least) + ".." + std::to_string(at_most) +
                 (missing.empty() ? "" : ", missing " + missing));
}

// One member of each group gets a message, whichever subjects its members subscribed to.
Result<void> CoreDelivery::check_queues(const Delivered& delivered) const {
  for (const std::string_view queue : {"q1", "q2"}) {
    std::map<std::string_view, int> takers;
    for (const auto& [key, messages] : delivered) {
      const auto& [peer, sid] = key;
      const auto subscription = std::ranges::find(peer->subscriptions, sid, &Subscription::sid);
      if (subscription == peer->subscriptions.end() || subscription->queue != queue) continue;
      for (const Received* message : messages)
        if (!is_no_responders(*message)) ++takers[message->payload];
    }
    for (const Published& message : messages_) {
      bool somebody = false;
      bool all_stay = true;
      for (const auto& peer : peers_) {
        for (const Subscription& subscription : peer->subscriptions) {
          if (subscription.queue != queue || !matches(subscription.subject, message.subject))
            continue;
          if (!peer->stays) all_stay = false;
          if (peer->echo || !sent_by(*peer, message.payload)) somebody = true;
        }
      }
      const int count = takers[message.payload];
      const int at_least = somebody && all_stay && message.certain && !may_drop_ ? 1 : 0;
      if (count < at_least || count > 1)
        return failure("group " + std::string(queue) + ": " + told(message.payload) + " on " +
                       message.subject + " went to " + std::to_string(count) + " members");
    }
  }
  return {};
}

// A request that nobody can answer is answered by the server, once; any other never.
Result<void> CoreDelivery::check_no_responders(const Peer& peer, const Delivered& delivered) const {
  std::map<std::string_view, int> answers;
  for (const auto& [key, messages] : delivered) {
    if (key.first != &peer) continue;
    for (const Received* message : messages) {
      if (!is_no_responders(*message)) continue;
      if (!message->headers.starts_with("NATS/1.0 503"))
        return failure(peer.name + ": headers " + message->headers);
      ++answers[message->subject];
    }
  }
  for (const Published& message : messages_) {
    if (message.reply.empty() || !sent_by(peer, message.payload)) continue;
    bool certain_responder = false;
    bool any_responder = false;
    for (const auto& other : peers_) {
      for (const Subscription& subscription : other->subscriptions) {
        if (!matches(subscription.subject, message.subject)) continue;
        any_responder = true;
        if (other->stays && subscription.max == 0 && subscription.queue.empty() &&
            (other.get() != &peer || peer.echo))
          certain_responder = true;
      }
    }
    const int at_least = peer.no_responders && !any_responder ? 1 : 0;
    const int at_most = peer.no_responders && !certain_responder ? 1 : 0;
    const int count = answers[message.reply];
    if (count < at_least || count > at_most)
      return failure(peer.name + ": " + std::to_string(count) + " no-responders answers to " +
                     told(message.payload) + " on " + message.subject + ", expected " +
                     std::to_string(at_least) + ".." + std::to_string(at_most));
  }
  return {};
}

}  // namespace midge::sim
