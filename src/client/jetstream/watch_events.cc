#include "client/jetstream/watch_events.h"

#include <memory>

#include "client/jetstream/initial_values.h"

namespace midge::detail {

FeedEvents watch_events(std::function<void(const Delivery&)> tell, bool holds) {
  const auto initial = std::make_shared<InitialValues>();
  FeedEvents events;
  events.holds = holds;
  events.deliver = [tell, initial](const Delivery& delivery) {
    tell(delivery);
    const auto metadata = delivery.metadata();
    if (metadata && initial->on_message(metadata->pending)) tell({});
  };
  events.renewed = [tell, initial](std::uint64_t pending) {
    if (initial->on_consumer(pending)) tell({});
  };
  return events;
}

}  // namespace midge::detail
