// One request for messages, as a pull consumer gets it.
#pragma once

#include <string>

#include "client/jetstream/context.h"
#include "client/jetstream/json_time.h"
#include "midge/consumer.h"

namespace midge::detail {

struct PullTerms {
  std::size_t batch = 1, max_bytes = 0;
  Timeout expires{}, heartbeat{};
  PriorityOptions priority;
  std::string pin_id;
  bool no_wait = false;
};
template <class Visitor>
void describe(Visitor& v, PullTerms& t) {
  v.unless_empty("expires", t.expires).field("batch", t.batch);
  v.unless_empty("max_bytes", t.max_bytes).unless_empty("no_wait", t.no_wait);
  v.unless_empty("idle_heartbeat", t.heartbeat).unless_empty("group", t.priority.group);
  v.unless_empty("min_pending", t.priority.min_pending);
  v.unless_empty("min_ack_pending", t.priority.min_ack_pending);
  v.unless_empty("priority", t.priority.priority).unless_empty("id", t.pin_id);
}

// Where requests go.
inline std::string next_subject(const JetStreamContext& context, const std::string& stream,
                                const std::string& consumer) {
  return context.subject("CONSUMER.MSG.NEXT." + stream + "." + consumer);
}

}  // namespace midge::detail
