#include "jetstream/shard_round.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "jetstream/api/api.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

struct Round {
  std::function<void(Shard&)> look;
  std::function<void()> done;
};

void visit(JetStream& jetstream, std::size_t loop, std::shared_ptr<Round> round) {
  if (loop < jetstream.shards())
    return jetstream.api().on_loop({static_cast<std::uint8_t>(loop)}, [loop, round](Shard& shard) {
      round->look(shard);
      visit(shard.jetstream(), loop + 1, round);
    });
  jetstream.api().on_home([round](Shard&) { round->done(); });
}

}  // namespace

void visit_shards(JetStream& jetstream, std::function<void(Shard&)> look,
                  std::function<void()> done) {
  visit(jetstream, 0, std::make_shared<Round>(Round{std::move(look), std::move(done)}));
}

}  // namespace midge::jetstream
