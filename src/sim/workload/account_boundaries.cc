#include "sim/workload/account_boundaries.h"

#include <algorithm>

#include "broker/account_plan.h"

namespace midge::sim {
namespace {

constexpr Duration kPatience = seconds(300);
constexpr int kInboxSid = 1'000'000;
constexpr int kTraceSid = 1'000'001;

// Only what is exported may be imported: the server refuses a configuration that says otherwise.
void drop_unauthorised(std::vector<broker::AccountConfig>& configs) {
  for (broker::AccountConfig& importer : configs) {
    std::erase_if(importer.imports, [&](const broker::ImportConfig& import) {
      const auto exporter =
          std::ranges::find(configs, import.account, &broker::AccountConfig::name);
      return broker::find_export(*exporter, import.is_service, import.subject, importer.name) ==
             nullptr;
    });
  }
}

}  // namespace

AccountBoundaries::AccountBoundaries(SimEnv& env, Connect connect, Reload reload)
    : env_(env),
      connect_(std::move(connect)),
      reload_(std::move(reload)),
      make_(static_cast<std::uint64_t>(env.fork_random().between(1, 1LL << 40))) {}

AccountBoundaries::~AccountBoundaries() = default;

Result<void> AccountBoundaries::setup() {
  TRY(change_accounts());
  for (int i = 0; i < 8; ++i) {
    auto peer = std::make_unique<Peer>();
    peer->account = make_.account();
    peer->client = std::make_unique<SimClient>(env_, connect_());
    peer->client->send("CONNECT {\"verbose\":false,\"headers\":true,\"user\":\"" + peer->account +
                       "\",\"pass\":\"" + peer->account + "\"}\r\n");
    peer->client->subscribe("_INBOX." + std::to_string(i) + ".*", "", kInboxSid);
    peer->client->subscribe("trace." + std::to_string(i) + ".*", "", kTraceSid);
    peers_.push_back(std::move(peer));
  }
  return barrier();
}

Result<void> AccountBoundaries::barrier() {
  for (const auto& peer : peers_) peer->client->ping();
  const bool in_time = env_.run_until(
      [this] {
        return std::ranges::all_of(
            peers_, [](const auto& peer) { return peer->client->pongs_missing() == 0; });
      },
      kPatience);
  for (const auto& peer : peers_) {
    if (!in_time && peer->client->open() && peer->client->pongs_missing() > 0)
      return failure("a client of " + peer->account + " waits for a PONG for ever");
    if (!peer->client->open())
      return failure("a client of " + peer->account +
                     " was cut off: " + peer->client->last_error());
  }
  if (!in_time) return failure("somebody waits for a PONG for ever");
  return {};
}

Result<void> AccountBoundaries::change_accounts() {
  configs_ = make_.configs();
  drop_unauthorised(configs_);
  return reload_(configs_);
}

Result<void> AccountBoundaries::step() {
  if (make_.below(2) == 0) TRY(change_accounts());
  for (const auto& peer : peers_) change_subscriptions(*peer);
  TRY(barrier());
  for (const auto& peer : peers_) publish_some(*peer);
  // The second one is for what crossed loops, the third for what crossed them twice.
  for (int i = 0; i < 3; ++i) TRY(barrier());
  TRY(compare());
  TRY(answer());
  messages_.clear();
  asked_.clear();
  answerable_.clear();
  return {};
}

void AccountBoundaries::change_subscriptions(Peer& peer) {
  if (!peer.subscriptions.empty() && make_.below(3) == 0) {
    const auto at =
        peer.subscriptions.begin() + make_.below(static_cast<unsigned>(peer.subscriptions.size()));
    peer.client->unsubscribe(*at, 0);
    subscriptions_[static_cast<std::size_t>(*at)].live = false;
    peer.subscriptions.erase(at);
  }
  if (make_.below(2) == 0) return;
  const int sid = static_cast<int>(subscriptions_.size());
  subscriptions_.push_back({peer.account, make_.pattern()});
  peer.subscriptions.push_back(sid);
  peer.client->subscribe(subscriptions_.back().subject, "", sid);
}

void AccountBoundaries::publish_some(Peer& peer) {
  const auto place = std::ranges::find(peers_, &peer, [](const auto& p) { return p.get(); });
  const std::string number = std::to_string(place - peers_.begin()) + ".";
  const std::string inbox = "_INBOX." + number;
  for (unsigned count = make_.below(8); count > 0; --count) {
    const std::string payload = "m" + std::to_string(next_message_++);
    const bool asks = make_.below(2) == 0;
    const std::string subject = make_.subject();
    const std::string reply = asks ? inbox + payload : "";
    Tracing tracing = Tracing::kNone;
    if (make_.below(2) == 0) {
      peer.client->publish(subject, reply, payload);
    } else {
      tracing = make_.below(3) == 0 ? Tracing::kOnly : Tracing::kTraced;
      std::string headers = "Nats-Trace-Dest: trace." + number + payload + "\r\n";
      if (tracing == Tracing::kOnly) headers += "Nats-Trace-Only: true\r\n";
      peer.client->publish_with(headers, subject, reply, payload);
    }
    messages_[payload] = {peer.account, subject, &peer, asks, tracing};
  }
}

Result<void> AccountBoundaries::compare() {
  std::map<std::string, std::vector<std::string>> arrived;
  for (const auto& peer : peers_) {
    for (const Received& message : peer->client->take_received()) {
      if (message.subject.starts_with("trace.")) {
        if (message.sid != kTraceSid) continue;  // who listens on `>`
        const std::string payload = message.subject.substr(message.subject.rfind('.') + 1);
        if (!events_.emplace(payload, message.payload).second)
          return failure(payload + " was told of twice");
        continue;
      }
      if (!messages_.contains(message.payload))
        return failure("nobody published " + message.payload + " in this round");
      if (message.sid == kInboxSid)
        return failure(message.payload + " came to an inbox: " + message.subject);
      const std::string as =
          peer->account + " " + message.subject + " " + std::to_string(message.sid);
      arrived[message.payload].push_back(as);
      if (message.reply.starts_with("_R_."))
        asked_[message.payload].push_back({peer.get(), as, message.reply});
    }
  }
  for (const auto& [payload, message] : messages_) {
    std::vector<std::string>& got = arrived[payload];
    std::ranges::sort(got);
    broker::AccountModel model(configs_, subscriptions_);
    auto wanted = model.reach(message.account, message.subject);
    if (message.tracing == Tracing::kOnly) wanted.clear();
    answerable_[payload] = std::ranges::any_of(asked_[payload], [&](const Asked& asked) {
      return std::ranges::find(model.served(), asked.as) != model.served().end();
    });
    if (got == wanted) continue;
    std::string text = payload + " of " + message.account + " on " + message.subject + " reached [";
    for (const std::string& one : got) text += one + ", ";
    text += "], not [";
    for (const std::string& one : wanted) text += one + ", ";
    return failure(text + "]");
  }
  for (const auto& [payload, event] : std::exchange(events_, {})) {
    TRY(compare_event(payload, event));
    messages_[payload].tracing = Tracing::kNone;
  }
  for (const auto& [payload, message] : messages_)
    if (message.tracing != Tracing::kNone) return failure(payload + " was not told of");
  return {};
}

// What is delivered in the publisher's account is told; what crosses a boundary is told if the
// accounts allow it.
Result<void> AccountBoundaries::compare_event(const std::string& payload,
                                              const std::string& event) {
  const Published& message = messages_[payload];
  if (message.tracing == Tracing::kNone) return failure("an event of no trace: " + event);
  std::size_t told = 0;
  std::size_t told_as_own = 0;
  for (std::size_t at = event.find(R"("type":"eg")"); at != std::string::npos;) {
    const std::size_t end = event.find('}', at);
    ++told;
    if (event.substr(at, end - at).find(R"("acc":)") == std::string::npos) ++told_as_own;
    at = event.find(R"("type":"eg")", end);
  }
  broker::AccountModel model(configs_, subscriptions_);
  const std::size_t wanted = model.reach(message.account, message.subject).size();
  if (told_as_own >= model.direct() && told <= wanted) return {};
  return failure(payload + " of " + message.account + " reached " + std::to_string(model.direct()) +
                 " there and " + std::to_string(wanted) + " in all, but: " + event);
}

// Everybody who was asked answers, also those who only import a stream that the request was on, and
// may not. Each crossing of a request takes one answer, and the asker has it.
Result<void> AccountBoundaries::answer() {
  std::map<std::string, std::size_t> crossings;
  for (const auto& [payload, requests] : asked_) {
    std::vector<std::string> subjects;
    for (const Asked& asked : requests) {
      asked.peer->client->publish(asked.reply, "", "a" + payload);
      subjects.push_back(asked.reply);
    }
    std::ranges::sort(subjects);
    subjects.erase(std::ranges::unique(subjects).begin(), subjects.end());
    crossings[payload] = subjects.size();
  }
  for (int i = 0; i < 3; ++i) TRY(barrier());
  std::map<std::string, std::size_t> answers;
  for (const auto& peer : peers_) {
    for (const Received& message : peer->client->take_received()) {
      if (message.sid != kInboxSid) continue;  // who listens on `>` sees answers, and `_R_.`
      const std::string payload = message.payload.substr(1);
      const auto asked = messages_.find(payload);
      if (asked == messages_.end() || asked->second.by != peer.get() || !asked->second.asks)
        return failure("an answer went astray: " + message.payload + " on " + message.subject);
      ++answers[payload];
    }
  }
  for (const auto& [payload, count] : crossings) {
    if (answers[payload] > count)
      return failure(payload + " was answered " + std::to_string(answers[payload]) + " times for " +
                     std::to_string(count) + " crossings");
    if (answers[payload] == 0 && answerable_[payload])
      return failure(payload + " was answered, but nobody told its asker");
  }
  return {};
}

}  // namespace midge::sim
