// What a loop does about the process's memory limit: looks how much is used while it moves bytes,
// lets go of what it can do without, and in the end of the connections that hold the most.
#include <algorithm>

#include "broker/worker.h"

namespace midge::broker {
namespace {

// So much goes in and out between two looks, or so long; how many bytes of input become how many of
// output is not known, so both count.
constexpr std::uint64_t kLookEveryBytes = 2 << 20, kLookEveryBytesTight = 256 << 10;
constexpr Duration kLookEvery = milliseconds(100);
constexpr Duration kGiveWayEvery = milliseconds(100);
// Caches that are let go of must be worth their making in between.
constexpr Duration kForgetEvery = seconds(1);

std::string megabytes(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// What was freed goes back to the system, which is what the limit is about. It may take its time.
class TrimJob final : public io::Job {
 public:
  TrimJob(Broker& broker, Worker& home) : broker_(broker), home_(home) {}
  void run() override { broker_.env().process().release_free_memory(); }
  void done() override {
    broker_.trimmed();
    home_.look_at_memory();
  }

 private:
  Broker& broker_;
  Worker& home_;
};

}  // namespace

void Worker::watch_memory() {
  const bool is_easy = broker_.memory().level() == MemoryBudget::Level::kEasy;
  const std::uint64_t step = is_easy ? kLookEveryBytes : kLookEveryBytesTight;
  const std::uint64_t moved = memory_.read + counters_.traffic.out_bytes;
  if (moved - memory_.moved < step && now() < memory_.next_look) return;
  memory_.moved = moved;
  memory_.next_look = now() + kLookEvery;
  look_at_memory();
}

void Worker::look_at_memory() {
  using Level = MemoryBudget::Level;
  MemoryBudget& memory = broker_.memory();
  const Level before = memory.saw(broker_.env().process().resident_bytes());
  const Level level = memory.level();
  limit_pending();
  if (level != before) {
    if (level == Level::kFull) ++memory.times_full;
    const std::string figures =
        megabytes(memory.used()) + " of " + megabytes(memory.limit()) + " are used";
    if (level == Level::kFull)
      log().warn("Memory limit reached: " + figures + "; what needs more is refused");
    else if (before == Level::kFull)
      log().info("Memory is no longer at its limit: " + figures);
  }
  if (level == Level::kEasy || now() - memory_.gave_way < kGiveWayEvery) return;
  memory_.gave_way = now();
  give_way();
}

void Worker::give_way() {
  MemoryBudget& memory = broker_.memory();
  if (memory.is_full() || now() - memory_.forgot >= kForgetEvery) {
    memory_.forgot = now();
    routes_.set_plans(plans_.get());
    pool_.clear();
  }
  for (LoopService* service : services_) service->on_memory_tight();
  if (memory.is_full()) {
    closed_.clear();
    close_heaviest();
  }
  if (broker_.may_trim(now()))
    broker_.env().pool().submit(loop_, std::make_unique<TrimJob>(broker_, *this));
}

void Worker::limit_pending() {
  const MemoryBudget& memory = broker_.memory();
  pending_max_ = static_cast<std::size_t>(config_->max_pending);
  if (memory.is_full()) pending_max_ = std::min(pending_max_, memory.share_of_connection());
  // Where fast producers are to wait for slow receivers, they do from three quarters on.
  pending_watermark_ = config_->stall_fast_producers ? pending_max_ / 4 * 3 : pending_max_;
}

// Each loop sees to its part of what is too much.
void Worker::close_heaviest() {
  MemoryBudget& memory = broker_.memory();
  const auto loops = static_cast<std::int64_t>(broker_.workers().size());
  std::int64_t excess = memory.excess() / loops;
  std::vector<Client*> heavy;
  for (auto& [cid, client] : clients_) {
    if (client->closing() || client->is_hidden()) continue;
    if (client->held_bytes() > memory.share_of_connection()) heavy.push_back(client.get());
  }
  std::ranges::sort(heavy, [](const Client* a, const Client* b) {
    return a->held_bytes() != b->held_bytes() ? a->held_bytes() > b->held_bytes()
                                              : a->cid() < b->cid();
  });
  for (Client* client : heavy) {
    if (excess <= 0) return;
    excess -= static_cast<std::int64_t>(client->held_bytes());
    ++memory.closed_connections;
    client->close_for_memory();
    loop_.tick_again();
  }
}

}  // namespace midge::broker
