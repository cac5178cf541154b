#include "server/monitor/connz_texts.h"

#include <utility>

#include "broker/worker.h"

namespace midge::server {
namespace {

// In units of 0.1 µs or so.
constexpr std::size_t kCostPerStep = 600;
constexpr std::size_t kCostOfConnection = 22, kCostOfSubscription = 2;
constexpr std::size_t kListBytes = 256;  // enough for most

}  // namespace

ConnzTexts::ConnzTexts(ConnzTaskPtr task, std::vector<ConnzItem> items,
                       std::move_only_function<void(ConnzText)> done)
    : task_(std::move(task)),
      items_(std::move(items)),
      done_(std::move(done)),
      json_(connections_writer(*task_)) {
  text_.sizes.reserve(items_.size());
}

bool ConnzTexts::step(broker::Worker& worker) {
  for (std::size_t cost = 0; cost < kCostPerStep; cost += advance(worker)) {
    if (next_ < items_.size() || list_) continue;
    end_piece();
    done_(std::move(text_));
    return true;
  }
  return false;
}

std::size_t ConnzTexts::advance(broker::Worker& worker) {
  return list_ ? go_on(worker) : begin_next(worker);
}

std::size_t ConnzTexts::begin_next(broker::Worker& worker) {
  ConnzItem& item = items_[next_++];
  const broker::Client* client = item.closed ? nullptr : worker.find_shown(item.cid);
  // One that has ended since is shown as it ended, if such are wanted.
  if (!item.closed && client == nullptr && task_->request.state == ConnectionState::kAll)
    item.closed = worker.closed().find(item.cid);
  if (item.closed) {
    write(*item.closed, wants_subscriptions() ? closed_subscriptions(*task_, *item.closed) : "");
  } else if (client == nullptr) {
    text_.sizes.push_back(0);
  } else {
    client->describe(info_);
    if (wants_subscriptions() && info_.subscriptions > 0) {
      walk_.begin(*client);
      list_ = subscriptions_writer(*task_);
      list_->reserve(kListBytes);
      list_->begin_array();
    } else {
      write(info_, {});
    }
  }
  return kCostOfConnection;
}

std::size_t ConnzTexts::go_on(broker::Worker& worker) {
  const std::size_t visited = walk_.step(worker, [&](const broker::Subscription& its) {
    write_listed(*list_, *task_, its.client->describe(its), false);
  });
  if (walk_.is_over()) {
    const std::string_view text = list_->end_array().text();
    write(info_, text == "[]" ? "" : text);  // all gone meanwhile
    list_.reset();
  }
  return visited * kCostOfSubscription;
}

void ConnzTexts::write(const broker::ConnectionInfo& info, std::string_view list) {
  const std::size_t before = json_.text().size();
  write_connection(json_, *task_, info, list);
  text_.sizes.push_back(static_cast<std::uint32_t>(json_.text().size() - before));
  ++text_.shown;
  if (json_.text().size() >= kPieceBytes) end_piece();
}

void ConnzTexts::end_piece() {
  if (!json_.text().empty()) text_.pieces.push_back(json_.take());
  json_.reserve(kPieceBytes + kPieceBytes / 8);
}

}  // namespace midge::server
