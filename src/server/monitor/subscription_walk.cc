#include "server/monitor/subscription_walk.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace midge::server {
namespace {

// Shorter sids first: they are numbers, nearly always.
std::uint64_t rank_of(std::string_view sid) {
  constexpr std::size_t kLetters = 7;
  std::uint64_t rank = std::min<std::size_t>(sid.size(), 255);
  for (std::size_t i = 0; i < kLetters; ++i)
    rank = rank << 8 | (i < sid.size() ? static_cast<unsigned char>(sid[i]) : 0U);
  return rank;
}

}  // namespace

void SubscriptionWalk::begin(const broker::Client& client) {
  cid_ = client.cid();
  slots_ = client.subscription_slots();
  read_ = 0;
  places_.clear();
  places_.reserve(slots_.size());
  is_sorted_ = false;
  sorted_.clear();
  next_ = 0;
}

const broker::Subscription* SubscriptionWalk::find(broker::Worker& worker,
                                                   std::uint32_t slot) const {
  const broker::Subscription& subscription = worker.subscription_in(slot);
  const broker::Client* client = subscription.client;
  return client == nullptr || client->cid() != cid_ ? nullptr : &subscription;
}

std::size_t SubscriptionWalk::read_some(broker::Worker& worker) {
  const std::size_t begin = read_;
  for (; read_ < std::min(begin + kPiece, slots_.size()); ++read_)
    if (const broker::Subscription* its = find(worker, slots_[read_]))
      places_.push_back({rank_of(its->sid.text()), its->slot});
  if (read_ == slots_.size()) sort_ = StepSort(std::move(places_));
  return read_ - begin;
}

std::size_t SubscriptionWalk::sort_some() {
  is_sorted_ = sort_.step();
  if (is_sorted_) sorted_ = sort_.take();
  return std::min<std::size_t>(slots_.size(), 512);
}

}  // namespace midge::server
