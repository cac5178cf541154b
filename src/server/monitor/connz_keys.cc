#include "server/monitor/connz_keys.h"

#include <algorithm>
#include <utility>

#include "broker/worker.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

// In units of 0.1 µs or so.
constexpr std::size_t kCostPerStep = 250;
constexpr std::size_t kCostOfFinding = 3, kCostOfDescribing = 12;

bool has_subscription(const broker::ConnectionInfo& info, std::string_view subject) {
  return std::ranges::any_of(info.subscription_list, [subject](const auto& one) {
    return subject::overlaps(one.subject, subject);
  });
}

}  // namespace

bool ConnzKeys::step(broker::Worker& worker) {
  if (!std::exchange(begun_, true)) {
    begin(worker);
    return false;
  }
  for (std::size_t cost = 0; cost < kCostPerStep; cost += advance(worker)) {
    if (!is_over()) continue;
    done_(std::move(found_));
    return true;
  }
  return false;
}

void ConnzKeys::begin(broker::Worker& worker) {
  const ConnectionState state = task_->request.state;
  if (state != ConnectionState::kClosed) cids_ = worker.connection_ids();
  found_.keys.reserve(cids_.size());
  if (state == ConnectionState::kOpen) return;
  next_closed_ = worker.closed().first();
  closed_end_ = worker.closed().end();
}

std::size_t ConnzKeys::advance(broker::Worker& worker) {
  if (walk_.is_over()) return look_at_next(worker);
  const std::string_view wanted = task_->request.filter_subject;
  const std::size_t cost = walk_.step(worker, [&](const broker::Subscription& its) {
    matches_ = matches_ || subject::overlaps(its.registration.subject(), wanted);
  });
  if (walk_.is_over() && matches_) add(info_);
  return cost;
}

std::size_t ConnzKeys::look_at_next(broker::Worker& worker) {
  if (next_open_ < cids_.size()) return look_at_open(worker, cids_[next_open_++]);
  if (next_closed_ == closed_end_) return 1;
  if (const auto closed = worker.closed().at(next_closed_++)) look_at_closed(closed);
  return kCostOfFinding;
}

std::size_t ConnzKeys::look_at_open(broker::Worker& worker, std::uint64_t cid) {
  const broker::Client* client = worker.find_shown(cid);
  if (client == nullptr) {
    // One that has ended since is not among the closed ones that were there at the start.
    if (task_->request.state == ConnectionState::kAll)
      if (const auto closed = worker.closed().find(cid)) look_at_closed(closed);
    return kCostOfFinding;
  }
  const bool knows_by_cid = task_->request.knows_by_cid();
  info_.cid = cid;
  if (!knows_by_cid) client->describe(info_);
  if (is_shown(info_)) {
    matches_ = false;
    if (filters_by_subject())
      walk_.begin(*client);
    else
      add(info_);
  }
  return knows_by_cid ? kCostOfFinding : kCostOfDescribing;
}

void ConnzKeys::look_at_closed(const broker::ClosedConnection& closed) {
  if (!is_shown(*closed)) return;
  if (filters_by_subject() && !has_subscription(*closed, task_->request.filter_subject)) return;
  add(*closed);
  found_.keys.back().closed = static_cast<std::uint32_t>(found_.closed.size());
  found_.closed.push_back(closed);
}

bool ConnzKeys::is_shown(const broker::ConnectionInfo& info) {
  if (!task_->request.counts(info)) return false;
  ++found_.total;
  return task_->request.shows(info);
}

void ConnzKeys::add(const broker::ConnectionInfo& info) {
  found_.keys.push_back(
      {.rank = task_->request.rank(info, task_->now), .cid = info.cid, .closed = {}});
}

}  // namespace midge::server
