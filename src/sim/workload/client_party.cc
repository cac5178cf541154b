#include "sim/workload/client_party.h"

#include <cstdio>
#include <utility>

#include "client/client_access.h"

namespace midge::sim {
namespace {

constexpr Duration kConnectWithin = milliseconds(2500);  // connect_timeout, and the pool
constexpr Duration kPublishWithin = milliseconds(5100);

// Who published it, as what number, and after how many losses.
struct Body {
  int publisher = 0;
  std::uint64_t serial = 0, losses = 0;

  [[nodiscard]] std::string text() const {
    return std::to_string(publisher) + " " + std::to_string(serial) + " " + std::to_string(losses);
  }
  static bool read(std::string_view text, Body& body) {
    unsigned long long serial = 0, losses = 0;
    if (std::sscanf(std::string(text).c_str(), "%d %llu %llu", &body.publisher, &serial, &losses) !=
        3)
      return false;
    body.serial = serial;
    body.losses = losses;
    return true;
  }
};

bool fits(const std::string& pattern, std::string_view subject) {
  if (!pattern.ends_with('*')) return pattern == subject;
  return subject.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

void ClientReader::take(const Message& message) {
  ClientLedger& ledger = party_.ledger_;
  const std::string what =
      subject_ + " of " + std::to_string(party_.number_) + " gets " + std::string(message.data());
  Body body;
  if (!fits(subject_, message.subject()) || !Body::read(message.data(), body) ||
      body.publisher < 0 || static_cast<std::size_t>(body.publisher) >= party_.all_.size())
    return ledger.fault(what + ": nobody published that");
  if (is_closed_) ledger.fault(what + ": though it has ended");
  if (++count_ > max_ && max_ != 0) ledger.fault(what + ": more than its maximum");
  std::set<std::uint64_t>& seen = seen_[body.publisher];
  const bool is_late = !seen.empty() && *seen.rbegin() > body.serial;
  if (!seen.insert(body.serial).second) ledger.fault(what + ": twice");
  const ClientParty& publisher = *party_.all_[static_cast<std::size_t>(body.publisher)];
  if (is_late && publisher.losses_ == body.losses) ledger.fault(what + ": out of order");
}

std::size_t ClientReader::count(int publisher) const {
  const auto found = seen_.find(publisher);
  return found == seen_.end() ? 0 : found->second.size();
}

ClientParty::ClientParty(ClientWorld& world, ClientLedger& ledger, ClientParties& all)
    : world_(world), ledger_(ledger), all_(all), number_(static_cast<int>(all.size())) {}

Result<void> ClientParty::connect(Options options) {
  const auto held = std::make_shared<int>();
  released_ = held;
  options.on_event = [this, held](const Event& event) { on_event(event); };
  auto client =
      ledger_.timed("connect", kConnectWithin, [&] { return Client::connect(std::move(options)); });
  if (!client) return std::move(client).error();
  client_ = *std::move(client);
  connection_ = detail::ClientAccess::connection_of(client_);
  return {};
}

void ClientParty::on_event(const Event& event) {
  const std::string who = "client " + std::to_string(number_);
  ledger_.note(who + " event " + std::to_string(static_cast<int>(event.kind)) + " " + event.text);
  if (is_closed_) ledger_.fault(who + " is told of something after its end");
  switch (event.kind) {
    case EventKind::kConnected:
    case EventKind::kReconnected:
      if (is_up_) ledger_.fault(who + " is connected twice");
      is_up_ = true;
      break;
    case EventKind::kDisconnected:
      if (!is_up_) ledger_.fault(who + " loses what it does not have");
      is_up_ = false;
      ++losses_;
      break;
    case EventKind::kClosed:
      is_closed_ = true;
      break;
    default:
      break;
  }
}

Result<void> ClientParty::publish(const std::string& subject) {
  const Body body{.publisher = number_, .serial = published_ + 1, .losses = losses_};
  auto sent = ledger_.timed("publish", kPublishWithin,
                            [&] { return client_.publish(subject, body.text()); });
  if (sent) ++published_;
  return sent;
}

ClientReader* ClientParty::subscribe(const std::string& subject, bool with_callback,
                                     SubscribeOptions options) {
  readers_.push_back(std::make_unique<ClientReader>(*this, subject, options.max));
  ClientReader& reader = *readers_.back();
  reader.has_callback_ = with_callback;
  const auto take = [&reader, held = released_.lock()](const Message& m) { reader.take(m); };
  auto made = with_callback ? client_.subscribe(subject, take, std::move(options))
                            : client_.subscribe(subject, std::move(options));
  if (!made) return nullptr;
  reader.handle = *std::move(made);
  return &reader;
}

void ClientParty::let_go() {
  for (const auto& reader : readers_) reader->handle = {};
  client_ = {};
}

}  // namespace midge::sim
