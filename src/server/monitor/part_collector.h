// Collects what one loop has to say, a step a tick: connections by their ids, subscriptions by
// their slots. Each is listed as it is when its turn comes. Thread: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "broker/step_work.h"
#include "server/monitor/gather.h"

namespace midge::server {

class PartCollector final : public broker::StepWork {
 public:
  // `done` gets the complete part, on the loop that was asked.
  PartCollector(const Wanted& wanted, std::move_only_function<void(Part)> done)
      : wanted_(wanted), done_(std::move(done)) {}
  bool step(broker::Worker& worker) override;

  static constexpr std::size_t kConnectionsPerStep = 64;
  static constexpr std::size_t kSlotsPerStep = 256;

 private:
  void begin(broker::Worker& worker);
  void collect_connections(broker::Worker& worker);
  void add_to_account(broker::Worker& worker, const broker::Client& client);
  void collect_subscriptions(broker::Worker& worker);

  Wanted wanted_;
  std::move_only_function<void(Part)> done_;
  Part part_;
  bool begun_ = false;
  std::vector<std::uint64_t> cids_;
  std::size_t next_connection_ = 0;
  std::size_t next_slot_ = 0;
};

}  // namespace midge::server
