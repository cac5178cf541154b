#include "server/monitor/part_collector.h"

#include <algorithm>
#include <utility>

#include "broker/worker.h"

namespace midge::server {

bool PartCollector::step(broker::Worker& worker) {
  if (!std::exchange(begun_, true)) begin(worker);
  if (next_connection_ < cids_.size()) {
    collect_connections(worker);
    return false;
  }
  if (wanted_.subscriptions && next_slot_ < worker.subscription_slots()) {
    collect_subscriptions(worker);
    return false;
  }
  if (wanted_.open) part_.ended = worker.ended_traffic();
  if (wanted_.accounts)
    for (const auto& [name, traffic] : worker.ended_traffic()) part_.accounts[name].ended = traffic;
  done_(std::move(part_));
  return true;
}

void PartCollector::begin(broker::Worker& worker) {
  part_.loop = worker.loop().id().value;
  part_.load = worker.loop().load();
  part_.stats = worker.stats();
  cids_ = worker.connection_ids();
}

void PartCollector::collect_connections(broker::Worker& worker) {
  const std::size_t end = std::min(next_connection_ + kConnectionsPerStep, cids_.size());
  for (; next_connection_ < end; ++next_connection_) {
    const broker::Client* client = worker.find_shown(cids_[next_connection_]);
    if (client == nullptr) continue;
    ++part_.stats.connections;
    part_.stats.pending_bytes += client->pending();
    if (wanted_.accounts) add_to_account(worker, *client);
    if (wanted_.open) part_.open.push_back(client->info(false));
  }
}

void PartCollector::add_to_account(broker::Worker& worker, const broker::Client& client) {
  AccountUse& use = part_.accounts[worker.broker().accounts().name(client.account())];
  const broker::Traffic& traffic = client.traffic();
  ++use.connections;
  use.subscriptions += client.subscription_count();
  use.pending_bytes += client.pending();
  use.open += {traffic.in_msgs, traffic.out_msgs, traffic.in_bytes, traffic.out_bytes, 0};
}

void PartCollector::collect_subscriptions(broker::Worker& worker) {
  worker.list_subscriptions(next_slot_, kSlotsPerStep, part_.subscriptions);
  next_slot_ += kSlotsPerStep;
}

}  // namespace midge::server
