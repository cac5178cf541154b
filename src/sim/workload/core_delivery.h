// Random clients on random subjects, plain and in queue groups, against a model of NATS' delivery.
//
// A round: subscriptions change; everyone gets a PONG, after which every loop knows of the changes;
// everyone publishes at once, while some disconnect or stop reading; everyone gets two more PONGs,
// after which everything has arrived. Then each subscription of a client that stayed must have
// exactly what the model says: each matching message once, in its publisher's order, one member per
// queue group.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "sim/workload/sim_client.h"
#include "sim/workload/workload.h"

namespace midge::sim {

// A new connection to the server under test, by TCP or in memory.
using Connect = std::function<std::unique_ptr<io::PipeClient>()>;

class CoreDelivery final : public Workload {
 public:
  // `may_drop`: the server's policy lets slow consumers miss messages. Then what comes must still
  // be whole, in order and sent to them.
  CoreDelivery(SimEnv& env, Connect connect, bool may_drop);
  ~CoreDelivery() override;

  Result<void> setup() override;
  Result<void> step() override;
  Result<void> check() override;

 private:
  struct Subscription {
    int sid;
    std::string subject;
    std::string queue;
    std::size_t max = 0;       // 0 = for ever
    std::size_t received = 0;  // in all rounds
  };
  struct Published {
    std::string subject;
    std::string reply;
    std::string payload;  // names the publisher and counts: no two are the same
    bool certain = true;  // its publisher stayed
  };
  struct Peer {
    std::string name;
    std::unique_ptr<SimClient> client;
    std::vector<Subscription> subscriptions;
    std::vector<Received> received;  // of this round
    int next_sid = 1;
    int published = 0;
    bool echo = true;
    bool no_responders = false;
    bool stays = true;  // through this round
  };
  using Delivered = std::map<std::pair<const Peer*, int>, std::vector<const Received*>>;

  void join_peer();
  void let_leavers_go();
  void drop_gone();
  void change_subscriptions(Peer& peer);
  void publish_some(Peer& peer);
  void trouble(Peer& peer);
  Result<void> barrier(const char* what);
  void collect();
  std::string draw_subject(bool wildcards);

  // Who is there with which subscriptions, for the report of a failure.
  [[nodiscard]] std::string picture() const;
  Result<void> check_round();
  Result<void> check_origin(const Peer& peer) const;
  Result<void> check_plain(Peer& peer, Subscription& subscription, const Delivered& delivered);
  Result<void> check_queues(const Delivered& delivered) const;
  Result<void> check_no_responders(const Peer& peer, const Delivered& delivered) const;
  [[nodiscard]] static bool sent_by(const Peer& peer, std::string_view payload);
  static Result<void> check_order(const std::vector<const Received*>& messages,
                                  const std::string& where);

  SimEnv& env_;
  Connect connect_;
  const bool may_drop_;
  SimRandom random_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<Published> messages_;  // of this round
  int next_name_ = 0;
};

}  // namespace midge::sim
