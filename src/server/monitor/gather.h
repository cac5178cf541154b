// Gathering: every loop contributes its part by mail, and when the last part is in, whoever asked
// composes the answer from all of them. Nothing is shared, nobody waits.
//
//   gatherer.ask({.open = true}, [..](Parts parts) { … });
//
// Thread: the home loop's. It may go while mail is under way: what comes in then is dropped. For
// that the list of those who wait is counted by the mails; only the home loop touches it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/stats.h"
#include "io/loop.h"

namespace midge::server {

// How one account is used.
struct AccountUse {
  std::uint64_t connections = 0, subscriptions = 0;
  std::uint64_t pending_bytes = 0;
  broker::AccountTraffic open, ended;  // of sessions that there are, and of those that have ended

  [[nodiscard]] broker::AccountTraffic all() const;
  AccountUse& operator+=(const AccountUse& other);
};
using AccountUses = std::map<std::string, AccountUse>;  // by account

// What to ask for beyond the counters.
struct Wanted {
  bool open = false;           // connections
  bool subscriptions = false;  // all, as one list
  bool accounts = false;       // the use of each

  // Of what there may be much.
  [[nodiscard]] bool lists() const { return open || subscriptions; }
};

// What one loop has to say; a copy that anyone may read.
struct Part {
  unsigned loop = 0;
  io::LoopLoad load;
  broker::WorkerStats stats;
  std::vector<broker::ConnectionInfo> open;
  std::vector<broker::SubscriptionInfo> subscriptions;
  broker::EndedTraffic ended;  // with the open connections
  AccountUses accounts;
};
using Parts = std::vector<Part>;  // in the order of loops

// All loops' counters; of maxima the largest.
[[nodiscard]] broker::WorkerStats total(const Parts& parts);

// The same of all accounts.
[[nodiscard]] AccountUses account_uses(const Parts& parts);

class Gatherer {
 public:
  using Done = std::move_only_function<void(Parts)>;

  Gatherer(io::Loop& home, broker::Broker& broker);
  ~Gatherer();

  // So many lists are made at a time, for each holds copies of much; others wait their turn.
  static constexpr std::size_t kAtATime = 16;

  // `done` is called once, unless the gatherer goes before.
  void ask(const Wanted& wanted, Done done);
  // A list that is not made here, but counts like one: calls `begin` now or later; it counts until
  // release().
  void admit(std::move_only_function<void()> begin);
  // A list that was made is still worked on, elsewhere: it counts until release().
  void hold() { ++held_; }
  void release();

 private:
  class PartMail;
  struct Pending {
    Parts parts;
    std::size_t missing = 0;
    Done done;
  };
  struct Waiting {
    Gatherer* owner = nullptr;  // null once it is gone
    std::map<std::uint64_t, Pending> by_id;
    void take(std::uint64_t id, Part part);
  };

  void begin(const Wanted& wanted, Done done);
  void begin_next();
  [[nodiscard]] bool has_room() const { return waiting_->by_id.size() + held_ < kAtATime; }

  io::Loop& home_;
  broker::Broker& broker_;
  std::deque<std::move_only_function<void()>> queue_;
  std::size_t held_ = 0;
  std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  std::uint64_t next_id_ = 1;
};

}  // namespace midge::server
