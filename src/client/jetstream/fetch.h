// One request for messages, and what comes of it.
#pragma once

#include <string>
#include <vector>

#include "client/jetstream/stream_state.h"

namespace midge::detail {

// Which consumer is asked.
struct FetchFrom {
  JetStreamContext& context;
  const std::string &stream, &consumer;
  PinId& pin;
};

// Waits for messages; puts them behind those of `all`, whatever becomes of the rest. True: nothing
// more of it is under way. Errors: as Consumer::fetch().
Result<bool> fetch_into(std::vector<Delivery>& all, const FetchFrom& from,
                        const FetchOptions& options, const Deadline& deadline);

// Errors only where nothing came.
Result<std::vector<Delivery>> fetch(const ConsumerState& consumer, const FetchOptions& options,
                                    const Deadline& deadline);

}  // namespace midge::detail
