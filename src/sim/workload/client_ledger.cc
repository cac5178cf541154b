#include "sim/workload/client_ledger.h"

#include <algorithm>
#include <cstdio>

#include "base/check.h"

namespace midge::sim {

ClientLedger::Ticket::Ticket(ClientLedger& ledger, std::string what, MonoTime until)
    : ledger_(ledger), number_(++ledger.number_), what_(std::move(what)), until_(until) {
  ledger_.open_[number_] = this;
  ledger_.note(what_);
}

ClientLedger::Ticket::~Ticket() {
  ledger_.open_.erase(number_);
  if (state_ == State::kOpen) ledger_.fault(what_ + ": nobody was told how it came out");
}

void ClientLedger::Ticket::come() {
  ledger_.env_.hash().add(SimEvent::kWorkload, number_);
  if (state_ == State::kOver) ledger_.fault(what_ + ": comes twice");
  if (state_ == State::kWithdrawn) ledger_.fault(what_ + ": comes, though it was refused");
  if (ledger_.env_.now() > until_) ledger_.fault(what_ + ": comes too late");
  state_ = State::kOver;
  ledger_.open_.erase(number_);
}

void ClientLedger::Ticket::withdraw() {
  if (state_ == State::kOver) ledger_.fault(what_ + ": was refused, though it came");
  state_ = State::kWithdrawn;
  ledger_.open_.erase(number_);
}

// A call that never ends cannot be left: the run ends with it.
std::shared_ptr<bool> ClientLedger::watch(const char* what, Duration within) {
  auto is_over = std::make_shared<bool>(false);
  ++number_;
  env_.after(within + seconds(600), [this, what, is_over] {
    if (*is_over) return;
    std::fprintf(stderr, "%s does not end\n%s", what, history().c_str());
    ENSURE(*is_over, "every call ends");
  });
  return is_over;
}

void ClientLedger::note(std::string what) {
  constexpr std::size_t kKept = 40;
  char time[32];
  std::snprintf(time, sizeof time, "%.6f ", (env_.now() - MonoTime{}).seconds());
  history_.push_back(time + what);
  if (history_.size() > kKept) history_.erase(history_.begin());
}

void ClientLedger::fault(const std::string& text) {
  note("FAULT " + text);
  if (first_fault_.empty()) first_fault_ = text;
}

std::string ClientLedger::history() const {
  std::string text;
  for (const std::string& line : history_) text += "    " + line + "\n";
  return text;
}

Result<void> ClientLedger::check() const {
  if (!first_fault_.empty()) return failure(first_fault_);
  for (const auto& [number, ticket] : open_)
    if (ticket->until_ < env_.now()) return failure(ticket->what_ + ": does not come");
  return {};
}

}  // namespace midge::sim
