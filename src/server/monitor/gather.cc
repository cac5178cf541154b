#include "server/monitor/gather.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/call_mail.h"
#include "broker/worker.h"
#include "server/monitor/part_collector.h"

namespace midge::server {

broker::AccountTraffic AccountUse::all() const {
  broker::AccountTraffic sum = open;
  sum += ended;
  return sum;
}

AccountUse& AccountUse::operator+=(const AccountUse& other) {
  connections += other.connections;
  subscriptions += other.subscriptions;
  pending_bytes += other.pending_bytes;
  open += other.open;
  ended += other.ended;
  return *this;
}

AccountUses account_uses(const Parts& parts) {
  AccountUses uses;
  for (const Part& part : parts)
    for (const auto& [name, use] : part.accounts) uses[name] += use;
  return uses;
}

broker::WorkerStats total(const Parts& parts) {
  broker::WorkerStats sum;
  for (const Part& part : parts) {
    const broker::WorkerStats& stats = part.stats;
    sum.traffic += stats.traffic;
    sum.connections += stats.connections;
    sum.total_connections += stats.total_connections;
    sum.subscriptions += stats.subscriptions;
    sum.slow_consumers += stats.slow_consumers;
    sum.stale_connections += stats.stale_connections;
    sum.stalled_clients += stats.stalled_clients;
    sum.dropped_messages += stats.dropped_messages;
    sum.matches += stats.matches;
    sum.cache_hits += stats.cache_hits;
    sum.cached_subjects += stats.cached_subjects;
    sum.fanout_max = std::max(sum.fanout_max, stats.fanout_max);
    sum.fanout_sum += stats.fanout_sum;
    sum.pending_bytes += stats.pending_bytes;
  }
  return sum;
}

class Gatherer::PartMail final : public io::Mail {
 public:
  PartMail(std::shared_ptr<Waiting> waiting, std::uint64_t id, Part part)
      : waiting_(std::move(waiting)), id_(id), part_(std::move(part)) {}
  void arrive(io::LoopHandler&) override { waiting_->take(id_, std::move(part_)); }

 private:
  std::shared_ptr<Waiting> waiting_;
  std::uint64_t id_;
  Part part_;
};

Gatherer::Gatherer(io::Loop& home, broker::Broker& broker) : home_(home), broker_(broker) {
  waiting_->owner = this;
}

Gatherer::~Gatherer() {
  waiting_->owner = nullptr;
  waiting_->by_id.clear();
}

void Gatherer::ask(const Wanted& wanted, Done done) {
  if (!wanted.lists() || has_room()) return begin(wanted, std::move(done));
  queue_.emplace_back(
      [this, wanted, done = std::move(done)]() mutable { begin(wanted, std::move(done)); });
}

void Gatherer::admit(std::move_only_function<void()> begin) {
  auto held = [this, begin = std::move(begin)]() mutable {
    hold();
    begin();
  };
  if (has_room()) return held();
  queue_.emplace_back(std::move(held));
}

void Gatherer::release() {
  --held_;
  begin_next();
}

void Gatherer::begin_next() {
  if (queue_.empty() || !has_room()) return;
  auto next = std::move(queue_.front());
  queue_.pop_front();
  next();
}

void Gatherer::begin(const Wanted& wanted, Done done) {
  const std::uint64_t id = next_id_++;
  const auto workers = broker_.workers();
  waiting_->by_id.emplace(id, Pending{.missing = workers.size(), .done = std::move(done)});
  for (const auto& worker : workers)
    worker->loop().post(
        broker::call_worker([waiting = waiting_, &home = home_, id, wanted](broker::Worker& asked) {
          auto done = [waiting, &home, id](Part part) {
            home.post(std::make_unique<PartMail>(waiting, id, std::move(part)));
          };
          asked.work_in_steps(std::make_unique<PartCollector>(wanted, std::move(done)));
        }));
}

void Gatherer::Waiting::take(std::uint64_t id, Part part) {
  const auto found = by_id.find(id);
  if (found == by_id.end()) return;
  Pending& pending = found->second;
  pending.parts.push_back(std::move(part));
  if (--pending.missing > 0) return;
  Pending complete = std::move(pending);
  by_id.erase(found);
  std::ranges::sort(complete.parts, {}, &Part::loop);
  complete.done(std::move(complete.parts));
  if (owner != nullptr) owner->begin_next();
}

}  // namespace midge::server
