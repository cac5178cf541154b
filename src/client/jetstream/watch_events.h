// What a watch of a stream is told: messages, and once that all that was there has been told.
#pragma once

#include <functional>

#include "client/jetstream/pull_feed.h"

namespace midge::detail {

// `tell` gets what is delivered, and a delivery of nothing (without a subject) for the end of what
// was there. `holds`: as FeedEvents'.
FeedEvents watch_events(std::function<void(const Delivery&)> tell, bool holds);

}  // namespace midge::detail
