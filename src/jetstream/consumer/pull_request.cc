#include "jetstream/consumer/pull_request.h"

#include <charconv>

#include "codec/json_struct.h"

namespace midge::jetstream {

template <class Visitor>
void describe(Visitor& v, PullTerms& t) {
  v.name("JSApiConsumerGetNextRequest").unless_empty("expires", t.expires);
  v.unless_empty("batch", t.batch).unless_empty("max_bytes", t.max_bytes);
  v.unless_empty("no_wait", t.no_wait).unless_empty("idle_heartbeat", t.heartbeat);
  v.unless_empty("group", t.group).unless_empty("min_pending", t.min_pending);
  v.unless_empty("min_ack_pending", t.min_ack_pending).unless_empty("id", t.pin_id);
  v.unless_empty("priority", t.priority);
}

Result<PullTerms> PullTerms::parse(std::string_view body) {
  PullTerms terms;
  while (!body.empty() && (body.front() == ' ' || body.front() == '\t')) body.remove_prefix(1);
  if (body.empty()) return terms;
  if (body.front() == '{') {
    terms.batch = 0;
    terms.is_json = true;
    TRY(codec::read_json_struct(body, terms, false));
    terms.says_batch = terms.batch >= 1;
    if (!terms.says_batch) terms.batch = 1;
    if (terms.heartbeat.ns > 0 && !terms.no_wait &&
        (terms.expires.ns == 0 || terms.heartbeat * 2 > terms.expires))
      return failure("heartbeat value too large", ErrorCode::kInvalid);
    return terms;
  }
  const auto [end, status] = std::from_chars(body.data(), body.data() + body.size(), terms.batch);
  if (status != std::errc() || terms.batch < 1) terms.batch = 1;
  return terms;
}

}  // namespace midge::jetstream
