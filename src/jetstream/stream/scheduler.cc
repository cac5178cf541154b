#include "jetstream/stream/scheduler.h"

#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// What concerned the schedule's own way into the stream, and is not handed on.
bool is_of_schedule(std::string_view name) {
  if (!name.starts_with("Nats-")) return false;
  name.remove_prefix(5);
  for (const std::string_view start : {"Schedule", "Expected-", "Batch-"})
    if (name.starts_with(start)) return true;
  return name == "Msg-Id" || name == "Rollup" || name == "TTL";
}

}  // namespace

void Scheduler::add(const store::StoredMessage& message, const IngestHeaders& fields) {
  const auto schedule = stream_.schedule_of(fields);
  if (!schedule) return;  // its time zone is gone since
  auto due = schedule->first(message.time);
  const WallTime now = stream_.shard().wall();
  if (due && *due < now) due = schedule->next(*due, now) ? schedule->next(*due, now) : due;
  if (!due) return;
  if (const auto old = entries_.find(message.subject); old != entries_.end()) forget(old);
  const std::string subject(message.subject);
  entries_.emplace(subject, Entry{message.sequence, *schedule, *due});
  queue_.emplace(*due, subject);
  arm();
}

void Scheduler::stop() {
  stream_.shard().timers().cancel(timer_);
  entries_.clear();
  queue_.clear();
}

void Scheduler::forget(Entries::iterator entry) {
  queue_.erase({entry->second.due, entry->first});
  entries_.erase(entry);
}

void Scheduler::set_due(Entries::iterator entry, WallTime due) {
  queue_.erase({entry->second.due, entry->first});
  entry->second.due = due;
  queue_.emplace(due, entry->first);
}

void Scheduler::arm() {
  if (queue_.empty()) return;
  stream_.shard().timers().arm(timer_, stream_.shard().clock().when_wall(queue_.begin()->first));
}

void Scheduler::on_timer() {
  if (!stream_.is_serving()) return;
  const WallTime now = stream_.shard().wall();
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const auto entry = entries_.find(queue_.begin()->second);
    const std::string subject = entry->first;
    const Entry fired = entry->second;
    const auto next = fired.schedule.next(fired.due, now);
    if (next && stream_.store().is_there(fired.sequence))
      set_due(entry, *next);
    else
      forget(entry);
    fire(subject, fired, next);
  }
  arm();
}

void Scheduler::fire(const std::string& subject, const Entry& entry, std::optional<WallTime> next) {
  const auto message = stream_.store().load(entry.sequence);
  if (!message) return;  // it was purged
  const IngestHeaders fields = IngestHeaders::parse(message->header);
  const std::string target(fields.schedule_target), ttl(fields.schedule_ttl),
      rollup(fields.schedule_rollup);
  const std::string source_subject(fields.schedule_source);
  std::string content_header(message->header), payload(message->payload);
  const store::Sequence last =
      source_subject.empty() ? store::Sequence{} : stream_.last_of(source_subject);
  if (last.value > 0) {
    const auto source = stream_.store().load(last);
    if (!source) return;
    content_header = source->header;
    payload = source->payload;
  }
  HeaderWriter header;
  for_each_header(content_header, [&](std::string_view name, std::string_view value) {
    if (!is_of_schedule(name)) header.field(name, value);
  });
  header.field("Nats-Scheduler", subject);
  header.field("Nats-Schedule-Next", next ? entry.schedule.text_of(*next) : "purge");
  if (!ttl.empty()) header.field("Nats-TTL", ttl);
  if (!rollup.empty()) header.field("Nats-Rollup", rollup);
  stream_.ingest().take_produced(target, header.take(), payload, stream_.shard().wall());
}

}  // namespace midge::jetstream
