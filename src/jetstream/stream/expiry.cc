// What leaves a stream for its age: by the stream's max_age or the message's own time (Nats-TTL).
// Where the stream says so, a marker takes the place of a subject's last message.
#include "codec/go_duration.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// How many messages a tick lets go for their age.
constexpr int kExpiredPerStep = 4096;
constexpr std::string_view kTtl = "Nats-TTL", kMarkerReason = "Nats-Marker-Reason";

}  // namespace

void Stream::remember_expiry(Sequence sequence, std::string_view header, WallTime time) {
  const auto ttl = parse_ttl(header_value(header, kTtl));
  if (!ttl || ttl->ns == 0) return;
  const bool is_first = expiries_.empty() || expiry_of(time, *ttl) < expiries_.next();
  expiries_.add(sequence, expiry_of(time, *ttl));
  if (is_first) arm_age_timer();
}

Sequence Stream::next_to_age() {
  // Below age_from_ is only what stays for ever.
  const Sequence from = std::max(age_from_, store_->figures().first);
  const auto next = store_->next_there(from);
  return next ? *next : Sequence{};
}

bool Stream::expire_old(WallTime now) {
  if (config_.max_age.ns <= 0) return false;
  const WallTime oldest = now + Duration{-config_.max_age.ns};
  for (int left = kExpiredPerStep; left > 0; --left) {
    if (!config_.allow_msg_ttl) {
      const WallTime first_time = store_->first_time();  // first: it may find a message lost
      const store::StreamFigures& figures = store_->figures();
      if (figures.messages == 0 || first_time > oldest) return false;
      store_->remove_front(figures.first + 1);
      shard_.touched(*this);
      continue;
    }
    const Sequence next = next_to_age();
    if (next.value == 0) return false;
    const auto message = store_->load(next);
    if (message && message->time > oldest) return false;
    age_from_ = next + 1;
    if (message && parse_ttl(header_value(message->header, kTtl)) == Duration{}) continue;
    expire(next);
  }
  return true;
}

bool Stream::expire_by_ttl(WallTime now) {
  for (int left = kExpiredPerStep; left > 0; --left) {
    if (expiries_.empty() || expiries_.next() > now) return false;
    expire(expiries_.take());
  }
  return true;
}

void Stream::expire(Sequence sequence) {
  if (!store_->is_there(sequence)) return;
  std::string bereft;
  if (config_.subject_delete_marker_ttl.ns > 0) {
    const auto message = store_->load(sequence);
    if (message && header_value(message->header, kMarkerReason).empty()) bereft = message->subject;
    const store::SubjectState* state = bereft.empty() ? nullptr : store_->subject(bereft);
    if (state == nullptr || state->count > 1) bereft.clear();
  }
  store_->remove(sequence);
  shard_.touched(*this);
  if (bereft.empty()) return;
  HeaderWriter header;
  header.field(kMarkerReason, "MaxAge");
  header.field(kTtl, codec::go_duration(config_.subject_delete_marker_ttl));
  header.field("Nats-Rollup", "sub");
  store_message({bereft, header.take(), {}, shard_.wall()});
}

void Stream::arm_age_timer() {
  shard_.timers().cancel(age_timer_);
  std::optional<WallTime> due;
  if (config_.max_age.ns > 0 && !config_.allow_msg_ttl && store_->figures().messages > 0)
    due = store_->first_time() + config_.max_age;
  if (config_.max_age.ns > 0 && config_.allow_msg_ttl) {
    const Sequence next = next_to_age();
    const auto message = next.value == 0 ? failure("") : store_->load(next);
    if (message) due = message->time + config_.max_age;
  }
  if (!expiries_.empty() && (!due || expiries_.next() < *due)) due = expiries_.next();
  if (!due) return;
  age_due_ = *due;
  shard_.timers().arm(age_timer_, shard_.clock().when_wall(*due));
}

void Stream::on_clock_step() {
  arm_age_timer();
  scheduler_.arm();
  for (const auto& consumer : consumers_) consumer->on_clock_step();
}

bool Stream::ages_before_timer(WallTime time) const {
  if (config_.max_age.ns <= 0) return false;
  return !age_timer_.armed() || time + config_.max_age < age_due_;
}

void Stream::on_age_timer() {
  const WallTime now = shard_.wall();
  const bool more_old = expire_old(now), more_by_ttl = expire_by_ttl(now);
  if (more_old || more_by_ttl) {
    age_due_ = now;
    shard_.timers().arm(age_timer_, shard_.now());
  } else {
    arm_age_timer();
  }
}

}  // namespace midge::jetstream
