// Goes from loop to loop and back to the first: how what all shards know is gathered.
#pragma once

#include <functional>

#include "jetstream/fwd.h"

namespace midge::jetstream {

// On loop 0. `look` is called on each shard's loop, one after the other, once a tick until it is
// true, then `done` on loop 0, in a later tick or at once. Neither is called any more once the
// loops end.
void visit_shards(JetStream& jetstream, std::function<bool(Shard&)> look,
                  std::function<void()> done);

}  // namespace midge::jetstream
