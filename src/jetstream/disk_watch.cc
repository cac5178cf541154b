#include "jetstream/disk_watch.h"

#include <algorithm>

#include "broker/call_mail.h"
#include "jetstream/advisory.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr Duration kEvery = seconds(1);
// A share of the disk, as far as it is not more than what a loop has under way at most: two
// segments of its journal, whose records may all have to be written to blocks.
constexpr std::uint64_t kShare = 8;
constexpr std::uint64_t kReserveOfLoop = 2 * (64ULL << 20);

// It goes to the journal and to a block.
constexpr std::int64_t kTimesWritten = 2;

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

class DiskWatch::Look final : public io::Job {
 public:
  Look(io::Disk& disk, std::string path, std::shared_ptr<DiskWatch*> owner)
      : disk_(disk), path_(std::move(path)), owner_(std::move(owner)) {}
  void run() override { space_ = disk_.space(path_); }
  void done() override {
    if (*owner_ == nullptr) return;
    (*owner_)->under_way_ = false;
    (*owner_)->take(space_);
  }

 private:
  io::Disk& disk_;
  const std::string path_;
  const std::shared_ptr<DiskWatch*> owner_;
  Result<io::DiskSpace> space_ = io::DiskSpace{};
};

DiskWatch::DiskWatch(JetStream& jetstream)
    : jetstream_(jetstream), self_(std::make_shared<DiskWatch*>(this)) {
  take(jetstream_.env().disk().space(jetstream_.folder().path()));
}

DiskWatch::~DiskWatch() { *self_ = nullptr; }

void DiskWatch::start() { look_again(); }

void DiskWatch::look_again() {
  Shard& home = jetstream_.shard({0});
  home.timers().arm(timer_, home.now() + kEvery);
  look();
}

void DiskWatch::look() {
  // A disk may take its time.
  if (std::exchange(under_way_, true)) return;
  jetstream_.env().disk_pool().submit(
      jetstream_.shard({0}).worker().loop(),
      std::make_unique<Look>(jetstream_.env().disk(), jetstream_.folder().path(), self_));
}

void DiskWatch::took(std::uint64_t bytes) {
  const std::int64_t more = static_cast<std::int64_t>(bytes) * kTimesWritten;
  const std::int64_t left = left_.fetch_sub(more, std::memory_order_relaxed) - more;
  if (left >= look_below_.load(std::memory_order_relaxed) || look_wanted_.exchange(true)) return;
  jetstream_.shard({0}).worker().loop().post(
      broker::call_worker([this](broker::Worker&) { look(); }));
}

std::uint64_t DiskWatch::reserve(std::uint64_t total) const {
  return std::min(total / kShare, jetstream_.shards() * kReserveOfLoop);
}

void DiskWatch::take(const Result<io::DiskSpace>& space) {
  if (!space) return;
  const std::uint64_t kept = reserve(space->total);
  // Not to and fro with each message.
  const std::uint64_t wanted = is_full() ? kept + kept / 4 : kept;
  const bool full = space->available < wanted;
  const auto left = static_cast<std::int64_t>(space->available) - static_cast<std::int64_t>(kept);
  left_ = left;
  look_below_ = left > 0 ? left / 2 : INT64_MIN;
  look_wanted_ = false;
  if (full == full_.exchange(full)) return;
  if (full) {
    jetstream_.log().error("JetStream: the disk is full: " + megabytes(space->available) +
                           " are left, " + megabytes(kept) +
                           " are kept for what is under way; writes are refused");
    if (timer_.armed()) advise_out_of_storage(jetstream_.shard({0}));
  } else {
    jetstream_.log().info("JetStream: the disk has " + megabytes(space->available) +
                          " free again: writes are taken");
  }
}

}  // namespace midge::jetstream
