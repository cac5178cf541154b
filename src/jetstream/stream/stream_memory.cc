// What a stream remembers of its messages besides the messages: ids, who expires when, schedules.
// It is not written anywhere: after a restart the messages say it.
#include <algorithm>

#include "codec/json_struct.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

void Stream::remember_header(Sequence sequence, const store::NewMessage& message) {
  if (config_.allow_schedules) {
    const IngestHeaders fields = IngestHeaders::parse(message.header);
    if (!fields.schedule.empty())
      scheduler_.add({sequence, message.time, message.subject, message.header, message.payload},
                     fields);
  }
  // The last: it may load others, and `message` may be what was loaded last.
  if (config_.allow_msg_ttl) remember_expiry(sequence, message.header, message.time);
}

void Stream::remember_messages() {
  const bool all = config_.allow_msg_ttl || config_.allow_schedules;
  const WallTime now = shard_.clock().steady();
  Sequence at =
      all ? store_->figures().first : store_->first_at({now.ns - config_.duplicate_window.ns});
  expiries_ = {};
  while (const auto next = store_->next_with_header(at)) {
    at = *next + 1;
    const auto message = store_->load(*next);
    if (!message) continue;
    const std::string_view id = header_value(message->header, "Nats-Msg-Id");
    if (!id.empty() && message->time > WallTime{now.ns - config_.duplicate_window.ns})
      // The clock may have been ahead then.
      dedupe_.add(id, *next, std::min(message->time, now));
    remember_header(*next, {message->subject, message->header, message->payload, message->time});
  }
}

void Stream::forget_old_ids() {
  dedupe_.expire({shard_.clock().steady().ns - config_.duplicate_window.ns});
}

std::optional<auth::jwt::TimeZone> Stream::zone(std::string_view name) {
  const auth::jwt::ZoneSource* zones = shard_.jetstream().settings().zones.get();
  if (zones == nullptr) return std::nullopt;
  auto found = zones->find(name);
  if (!found) return std::nullopt;
  return std::move(*found);
}

std::optional<Schedule> Stream::schedule_of(const IngestHeaders& fields) {
  if (fields.schedule_zone.empty()) return Schedule::parse(fields.schedule, nullptr);
  const auto there = zone(fields.schedule_zone);
  if (!there) return std::nullopt;
  return Schedule::parse(fields.schedule, &*there);
}

}  // namespace midge::jetstream
