// One request for messages, and what comes of it.
#pragma once

#include <vector>

#include "client/jetstream/stream_state.h"

namespace midge::detail {

// Waits for them. Errors: as Consumer::fetch().
Result<std::vector<Delivery>> fetch(const ConsumerState& consumer, const FetchOptions& options,
                                    const Deadline& deadline);

}  // namespace midge::detail
