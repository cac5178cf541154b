// One client of the simulation, and what holds for its messages and events whatever happens.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "midge/client.h"
#include "sim/client_world.h"
#include "sim/workload/client_ledger.h"

namespace midge::detail {
class Connection;
}

namespace midge::sim {

class ClientParty;

// What one subscription has got. Its messages come once each; those of one publisher in their
// order, unless the publisher has lost its connection since it sent them.
class ClientReader {
 public:
  ClientReader(ClientParty& party, std::string subject, std::uint64_t max)
      : party_(party), subject_(std::move(subject)), max_(max) {}

  void take(const Message& message);
  // Nothing more may come.
  void close() { is_closed_ = true; }
  // It ends after another number of messages, or has done so.
  void expect_any() { max_ = 0; }
  // How many have come of that publisher.
  [[nodiscard]] std::size_t count(int publisher) const;
  [[nodiscard]] bool has_callback() const { return has_callback_; }

  Subscription handle;

 private:
  friend class ClientParty;
  ClientParty& party_;
  const std::string subject_;
  std::uint64_t max_;  // 0 = no end
  bool has_callback_ = false;
  bool is_closed_ = false;
  std::uint64_t count_ = 0;
  std::map<int, std::set<std::uint64_t>> seen_;  // by publisher
};

using ClientParties = std::vector<std::unique_ptr<ClientParty>>;  // by number

class ClientParty {
 public:
  // Not connected yet. `all`: with those that have gone, this one to come.
  ClientParty(ClientWorld& world, ClientLedger& ledger, ClientParties& all);
  ClientParty(const ClientParty&) = delete;
  ClientParty& operator=(const ClientParty&) = delete;

  Result<void> connect(Options options);
  // As it was told that its connection is closed for good.
  [[nodiscard]] bool is_closed() const { return is_closed_; }
  [[nodiscard]] int number() const { return number_; }
  Client& client() { return client_; }
  ClientLedger& ledger() { return ledger_; }

  Result<void> publish(const std::string& subject);
  // Null: it is refused. With a callback that takes, or for next().
  ClientReader* subscribe(const std::string& subject, bool with_callback, SubscribeOptions options);
  std::vector<std::unique_ptr<ClientReader>>& readers() { return readers_; }

  // Lets go of it; then nothing of it is to be left, once what is under way is over.
  void let_go();
  [[nodiscard]] bool is_released() const { return connection_.expired() && released_.expired(); }

 private:
  friend class ClientReader;
  void on_event(const Event& event);

  ClientWorld& world_;
  ClientLedger& ledger_;
  ClientParties& all_;
  const int number_;
  Client client_;
  std::weak_ptr<detail::Connection> connection_;
  std::weak_ptr<int> released_;  // of what callbacks hold
  std::vector<std::unique_ptr<ClientReader>> readers_;
  std::uint64_t published_ = 0;
  std::uint64_t losses_ = 0;  // of its connection
  bool is_up_ = false;
  bool is_closed_ = false;
};

}  // namespace midge::sim
