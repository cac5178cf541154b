#include "jetstream/shard_round.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "broker/step_work.h"
#include "broker/worker.h"
#include "jetstream/api/api.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

struct Round {
  std::function<bool(Shard&)> look;
  std::function<void()> done;
};
using RoundPtr = std::shared_ptr<Round>;

void visit(JetStream& jetstream, std::size_t loop, const RoundPtr& round);

// What is left of a shard after the first look.
class Rest final : public broker::StepWork {
 public:
  Rest(Shard& shard, std::size_t loop, RoundPtr round)
      : shard_(shard), loop_(loop), round_(std::move(round)) {}
  bool step(broker::Worker&) override {
    if (!round_->look(shard_)) return false;
    visit(shard_.jetstream(), loop_ + 1, round_);
    return true;
  }

 private:
  Shard& shard_;
  std::size_t loop_;
  RoundPtr round_;
};

void visit(JetStream& jetstream, std::size_t loop, const RoundPtr& round) {
  if (loop == jetstream.shards())
    return jetstream.api().on_home([round](Shard&) { round->done(); });
  jetstream.api().on_loop({static_cast<std::uint8_t>(loop)}, [loop, round](Shard& shard) {
    if (round->look(shard)) return visit(shard.jetstream(), loop + 1, round);
    shard.worker().work_in_steps(std::make_unique<Rest>(shard, loop, round));
  });
}

}  // namespace

void visit_shards(JetStream& jetstream, std::function<bool(Shard&)> look,
                  std::function<void()> done) {
  visit(jetstream, 0, std::make_shared<Round>(Round{std::move(look), std::move(done)}));
}

}  // namespace midge::jetstream
