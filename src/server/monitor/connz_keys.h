// The first look at one loop's connections for `/connz`: which are to be listed, and how they rank.
// Some a step. Thread: the loop's; what is found, anybody's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "broker/closed_connections.h"
#include "broker/step_work.h"
#include "server/monitor/connz.h"
#include "server/monitor/subscription_walk.h"

namespace midge::server {

using ConnzTaskPtr = std::shared_ptr<const ConnzTask>;

// What one loop has found.
struct ConnzFound {
  struct Key {
    std::int64_t rank = 0;
    std::uint64_t cid = 0;
    std::optional<std::uint32_t> closed;  // where among those; none: it is open
  };
  std::vector<Key> keys;
  std::vector<broker::ClosedConnection> closed;
  std::size_t total = 0;
};

class ConnzKeys final : public broker::StepWork {
 public:
  // `done` is called on the loop that was asked.
  ConnzKeys(ConnzTaskPtr task, std::move_only_function<void(ConnzFound)> done)
      : task_(std::move(task)), done_(std::move(done)) {}
  bool step(broker::Worker& worker) override;

 private:
  void begin(broker::Worker& worker);
  // Looks at the next one, or goes on with the one at hand; returns what it cost.
  std::size_t advance(broker::Worker& worker);
  std::size_t look_at_next(broker::Worker& worker);
  std::size_t look_at_open(broker::Worker& worker, std::uint64_t cid);
  void look_at_closed(const broker::ClosedConnection& closed);
  // Whether it passes the filters but for that by subject; it is counted.
  bool is_shown(const broker::ConnectionInfo& info);
  void add(const broker::ConnectionInfo& info);
  [[nodiscard]] bool filters_by_subject() const { return !task_->request.filter_subject.empty(); }
  [[nodiscard]] bool is_over() const {
    return begun_ && next_open_ == cids_.size() && next_closed_ == closed_end_ && walk_.is_over();
  }

  ConnzTaskPtr task_;
  std::move_only_function<void(ConnzFound)> done_;
  ConnzFound found_;
  bool begun_ = false;
  std::vector<std::uint64_t> cids_;
  std::size_t next_open_ = 0;
  std::uint64_t next_closed_ = 0, closed_end_ = 0;  // their numbers
  broker::ConnectionInfo info_;                     // of the one at hand
  SubscriptionWalk walk_;                           // through its subscriptions
  bool matches_ = false;
};

}  // namespace midge::server
