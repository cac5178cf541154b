#include "broker/broker.h"

#include "base/check.h"
#include "broker/call_mail.h"
#include "broker/worker.h"

namespace midge::broker {
namespace {

// It goes through all that the allocator holds, which others wait for meanwhile.
constexpr Duration kTrimEvery = seconds(1);
constexpr Duration kTrimEveryFull = milliseconds(250);

}  // namespace

Broker::Broker(io::Env& env, Log& log, std::span<io::Loop* const> loops, BrokerConfigPtr config)
    : env_(env),
      log_(log),
      index_(static_cast<unsigned>(loops.size()), env.entropy().hash_salt()),
      interest_watch_(loops.size()),
      credit_(static_cast<unsigned>(loops.size())),
      placement_(config->placement) {
  memory_.limit_to(config->memory_limit);
  if (!config->system_account.empty()) accounts_.name_system_account(config->system_account);
  const AccountPlansPtr plans = make_plans(*config);
  for (io::Loop* loop : loops)
    workers_.push_back(std::make_unique<Worker>(*this, *loop, config, plans));
}

Broker::~Broker() = default;

std::vector<io::LoopHandler*> Broker::handlers() const {
  std::vector<io::LoopHandler*> handlers;
  for (const auto& worker : workers_) handlers.push_back(worker.get());
  return handlers;
}

unsigned Broker::pick_loop() const {
  const auto count = static_cast<unsigned>(workers_.size());
  if (placement_ == ConnectionPlacement::kSpread)
    return next_loop_.fetch_add(1, std::memory_order_relaxed) % count;
  // Connections that share a loop talk without crossing threads, so the first loop that has time
  // takes the connection; if none has, the least busy one does.
  constexpr double kBusy = 0.5;
  unsigned best = 0;
  double least = 2;
  for (unsigned i = 0; i < count; ++i) {
    const double busy = workers_[i]->loop().load().busy;
    if (busy < kBusy) return i;
    if (busy < least) {
      least = busy;
      best = i;
    }
  }
  return best;
}

void Broker::accept(std::unique_ptr<io::Stream> stream) {
  Worker& worker = *workers_[pick_loop()];
  worker.loop().post(
      call_worker([stream = std::move(stream)](Worker& w) mutable { w.adopt(std::move(stream)); }));
}

AccountPlansPtr Broker::make_plans(const BrokerConfig& config) {
  std::vector<Error> skipped;
  auto plans = AccountPlans::resolve(config.accounts, accounts_, &skipped);
  for (const Error& error : skipped) log_.error(error.text());
  ENSURE(plans.has_value(), "resolving leaves out what it cannot resolve");
  (*plans)->import_everywhere(config.default_services);
  return std::move(*plans);
}

void Broker::post_all(auto make_call) {
  for (const auto& worker : workers_) worker->loop().post(call_worker(make_call));
}

void Broker::reconfigure(BrokerConfigPtr config, bool announce, std::function<void()> done) {
  memory_.limit_to(config->memory_limit);
  // Whoever lets go of it last has called `done`.
  const std::shared_ptr<void> under_way(nullptr, [done = std::move(done)](void*) {
    if (done) done();
  });
  post_all([config, plans = make_plans(*config), announce, under_way](Worker& w) {
    w.take_plans(plans);
    w.take_config(config, announce, under_way);
  });
}

bool Broker::may_trim(MonoTime now) {
  const Duration pause = memory_.is_full() ? kTrimEveryFull : kTrimEvery;
  if (now.ns < next_trim_ || trimming_.exchange(true)) return false;
  next_trim_ = (now + pause).ns;
  return true;
}

void Broker::announce_lame_duck() {
  post_all([](Worker& w) { w.announce_lame_duck(); });
}

void Broker::close_random(std::size_t count, CloseReason reason) {
  const std::size_t first = next_loop_.fetch_add(1, std::memory_order_relaxed) % workers_.size();
  workers_[first]->loop().post(
      call_worker([count, reason](Worker& w) { w.close_some(count, reason, 1); }));
}

void Broker::close_all(CloseReason reason, std::function<void()> done) {
  farewell_ = {reason, std::move(done)};
  goodbyes_ = workers_.size();
  post_all([](Worker& w) { w.say_goodbye(); });
}

void Broker::goodbye_said() {
  if (goodbyes_.fetch_sub(1) > 1) return;
  post_all([reason = farewell_.reason](Worker& w) { w.close_all(reason); });
  farewell_.done();
}

}  // namespace midge::broker
