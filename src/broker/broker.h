// The broker: routes messages between clients. One Worker per loop does all the work; this class
// holds what workers share and starts them.
//
// Life: construct → env.start(handlers()) → … → env.stop(), env.join() → destroy.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/log.h"
#include "broker/account_plan.h"
#include "broker/accounts.h"
#include "broker/config.h"
#include "broker/interest_watch.h"
#include "broker/mail_credit.h"
#include "broker/memory_budget.h"
#include "broker/stats.h"
#include "io/env.h"
#include "subject/interest_index.h"

namespace midge::broker {

class Worker;

class Broker {
 public:
  // `log` and `env` outlive the broker; env has made its loops.
  Broker(io::Env& env, Log& log, std::span<io::Loop* const> loops, BrokerConfigPtr config);
  ~Broker();

  [[nodiscard]] std::vector<io::LoopHandler*> handlers() const;
  [[nodiscard]] std::span<const std::unique_ptr<Worker>> workers() const { return workers_; }

  // A new connection: picks its loop and hands it over. The thread of any loop, or any other.
  void accept(std::unique_ptr<io::Stream> stream);

  // Any thread: each loop takes it over at its next tick. Clients with protocol >= 1 are sent INFO
  // if `announce`.
  // `done` is called on the loop that is last to have judged its sessions by it, or has stopped.
  void reconfigure(BrokerConfigPtr config, bool announce, std::function<void()> done = {});
  // Any thread: every client is sent INFO with ldm:true.
  void announce_lame_duck();
  // Any thread: closes `count` clients drawn at random.
  void close_random(std::size_t count, CloseReason reason);
  // Any thread, once: closes all clients when all services have said goodbye, then calls `done`.
  // The loops must run.
  void close_all(CloseReason reason, std::function<void()> done);
  // Thread: a loop's, a tick after its services did.
  void goodbye_said();

  // Connections now, over all loops; approximate while loops run.
  [[nodiscard]] std::int64_t connection_count() const {
    return connections_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] io::Env& env() const { return env_; }
  [[nodiscard]] Log& log() const { return log_; }
  subject::InterestIndex& index() { return index_; }
  InterestWatch& interest_watch() { return interest_watch_; }
  Accounts& accounts() { return accounts_; }
  MailCredit& credit() { return credit_; }
  MemoryBudget& memory() { return memory_; }
  // Whether it is time to give free memory back to the system; then trimmed() follows.
  [[nodiscard]] bool may_trim(MonoTime now);
  void trimmed() { trimming_ = false; }
  std::int64_t add_connections(std::int64_t count) {
    return connections_.fetch_add(count, std::memory_order_relaxed) + count;
  }
  std::uint64_t next_cid() { return next_cid_.fetch_add(1, std::memory_order_relaxed); }

 private:
  unsigned pick_loop() const;
  // What cannot be is left out and logged: whoever made the configuration has checked it.
  AccountPlansPtr make_plans(const BrokerConfig& config);
  void post_all(auto make_call);

  io::Env& env_;
  Log& log_;
  subject::InterestIndex index_;
  InterestWatch interest_watch_;
  Accounts accounts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::uint64_t> next_cid_{1};
  std::atomic<std::int64_t> connections_{0};
  MailCredit credit_;
  MemoryBudget memory_;
  std::atomic<bool> trimming_{false};
  struct Farewell {
    CloseReason reason{};
    std::function<void()> done;
  } farewell_;
  std::atomic<std::size_t> goodbyes_{0};  // still to be said
  std::atomic<std::int64_t> next_trim_{0};
  mutable std::atomic<unsigned> next_loop_{0};
  ConnectionPlacement placement_;
};

}  // namespace midge::broker
