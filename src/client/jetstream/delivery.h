// Deliveries out of messages, and what their subjects for answers say.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "midge/delivery.h"

namespace midge::detail {

struct DeliveryMaker {
  static Delivery make(Message message, std::shared_ptr<JetStreamContext> context) {
    return {std::move(message), std::move(context)};
  }
};

// `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, or with
// `<domain, or _>.<account>.` behind `$JS.ACK.` and perhaps more tokens at the end. Views are into
// `reply`.
std::optional<DeliveryMetadata> parse_delivery(std::string_view reply);

}  // namespace midge::detail
