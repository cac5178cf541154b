// What a client was asked for: each thing has to come to its end, once, and in time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sim/sim_env.h"

namespace midge::sim {

class ClientLedger {
 public:
  explicit ClientLedger(SimEnv& env) : env_(env) {}
  ClientLedger(const ClientLedger&) = delete;
  ClientLedger& operator=(const ClientLedger&) = delete;

  // Of something that was begun, held by whoever is to say that it is over. It is a fault to come
  // twice, late, after it was withdrawn, or to be let go of before.
  class Ticket {
   public:
    Ticket(ClientLedger& ledger, std::string what, MonoTime until);
    ~Ticket();
    void come();
    // It was not begun after all.
    void withdraw();

   private:
    friend class ClientLedger;
    enum class State : std::uint8_t { kOpen, kOver, kWithdrawn };
    ClientLedger& ledger_;
    const std::uint64_t number_;
    const std::string what_;
    const MonoTime until_;
    State state_ = State::kOpen;
  };
  std::shared_ptr<Ticket> begin(std::string what, Duration within) {
    return std::make_shared<Ticket>(*this, std::move(what), env_.now() + within);
  }

  // A call that waits, for so long at most.
  template <class Call>
  auto timed(const char* what, Duration within, const Call& call) {
    const MonoTime until = env_.now() + within;
    note(what);
    const std::shared_ptr<bool> is_over = watch(what, within);
    auto result = call();
    *is_over = true;
    env_.hash().add(SimEvent::kWorkload, number_, static_cast<std::uint64_t>(env_.now().ns));
    if (env_.now() > until) fault(std::string(what) + " waits beyond its deadline");
    return result;
  }

  void note(std::string what);
  void fault(const std::string& text);
  // What was done last, for a report.
  [[nodiscard]] std::string history() const;
  [[nodiscard]] std::size_t open() const { return open_.size(); }
  // Nothing is wrong, and nothing is overdue.
  [[nodiscard]] Result<void> check() const;

 private:
  [[nodiscard]] std::shared_ptr<bool> watch(const char* what, Duration within);

  SimEnv& env_;
  std::uint64_t number_ = 0;
  std::map<std::uint64_t, const Ticket*> open_;
  std::vector<std::string> history_;
  std::string first_fault_;
};

}  // namespace midge::sim
