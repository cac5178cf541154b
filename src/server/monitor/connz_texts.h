// The second look at one loop's connections for `/connz`: those that are on the page are written,
// some a step. Thread: the loop's; what is written, anybody's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/closed_connections.h"
#include "broker/step_work.h"
#include "codec/json_writer.h"
#include "server/monitor/connz.h"
#include "server/monitor/connz_keys.h"
#include "server/monitor/subscription_walk.h"

namespace midge::server {

// A connection on the page.
struct ConnzItem {
  std::uint64_t cid = 0;
  broker::ClosedConnection closed;  // null: it was open
};

// What one loop has written: its connections in the order that was asked for.
struct ConnzText {
  std::vector<std::string> pieces;   // each ends with a connection
  std::vector<std::uint32_t> sizes;  // of each connection; 0: it is gone
  std::size_t shown = 0;
};

class ConnzTexts final : public broker::StepWork {
 public:
  static constexpr std::size_t kPieceBytes = 64 << 10;

  // `done` is called on the loop that was asked.
  ConnzTexts(ConnzTaskPtr task, std::vector<ConnzItem> items,
             std::move_only_function<void(ConnzText)> done);
  bool step(broker::Worker& worker) override;

 private:
  // Begins with the next one, or goes on with the list of the one at hand; returns what it cost.
  std::size_t advance(broker::Worker& worker);
  std::size_t begin_next(broker::Worker& worker);
  std::size_t go_on(broker::Worker& worker);
  void write(const broker::ConnectionInfo& info, std::string_view list);
  void end_piece();
  [[nodiscard]] bool wants_subscriptions() const {
    return task_->request.subscriptions != SubscriptionDetail::kNone;
  }

  ConnzTaskPtr task_;
  std::vector<ConnzItem> items_;
  std::move_only_function<void(ConnzText)> done_;
  ConnzText text_;
  std::size_t next_ = 0;
  codec::JsonWriter json_;
  broker::ConnectionInfo info_;            // of the one at hand
  SubscriptionWalk walk_;                  // through its subscriptions
  std::optional<codec::JsonWriter> list_;  // of them; none: there is none at hand
};

}  // namespace midge::server
