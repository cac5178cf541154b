#include "jetstream/stream/stream.h"

#include <algorithm>
#include <charconv>

#include "jetstream/ack_subject.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"
#include "jetstream/stream/direct_read.h"

namespace midge::jetstream {
namespace {

// Of the messages lost to rot.
constexpr std::size_t kLostListed = 10'000;
// Whoever can answer a direct get: a stream and its mirrors.
constexpr std::string_view kDirectGetQueue = "_sys_";

}  // namespace

Stream::Stream(Shard& shard, Identity identity, StreamConfig config,
               std::unique_ptr<store::StreamStore> store)
    : shard_(shard),
      identity_(std::move(identity)),
      config_(std::move(config)),
      store_(std::move(store)),
      ack_prefix_(shard.jetstream().settings().long_ack_subjects
                      ? long_ack_prefix(shard.jetstream().domain(), identity_.account_name)
                      : std::string()),
      ingest_(*this) {
  visible_last_ = store_->figures().last;
  store_->set_on_damage([this](const store::StreamStore::Damage& damage) { on_damage(damage); });
  store_->set_on_removed([this](Sequence sequence, std::string_view subject, std::uint64_t size) {
    on_removed(sequence, subject, size);
  });
}

Stream::~Stream() { unsubscribe(); }

void Stream::start() {
  started_ = true;
  count_usage(store_->figures().bytes);
  if (shelved_ != nullptr) return;
  ingest_.configure();
  remember_messages();
  if (serving_) subscribe();
  for (auto& [id, progress] : std::exchange(recovered_, {}))
    if (Consumer* consumer = find_consumer(id)) consumer->resume(std::move(progress));
  // The end may have come between a consumer's removal and that of what only it wanted.
  if (!consumers_.empty()) drop_unwanted({}, store_->figures().first);
  arm_age_timer();
  if (serving_) start_feeds();
}

void Stream::close() {
  unsubscribe();
  count_usage(0);
  ingest_.close();
  scheduler_.stop();
  feeds_.clear();
  for (const auto& consumer : consumers_) consumer->close("409 Consumer Deleted");
  for (const auto& consumer : consumers_) shard_.forget(*consumer);
  reads_.clear();
  shard_.timers().cancel(age_timer_);
  shard_.timers().cancel(read_timer_);
  shard_.timers().cancel(unwanted_timer_);
}

void Stream::subscribe_to(std::string_view subject, broker::InternalReceiver& receiver,
                          std::string_view queue) {
  subscriptions_.push_back(
      shard_.worker().subscribe_internal(identity_.account, subject, queue, receiver));
}

void Stream::subscribe() {
  const std::string& name = config_.name;
  for (const std::string& subject : config_.subjects) subscribe_to(subject, publishes_);
  subscribe_to("$JS.ACK." + name + ".>", acks_);
  subscribe_to(
      "$JS.ACK." + long_ack_prefix(shard_.jetstream().domain(), account_name()) + name + ".>",
      acks_);
  if (config_.allow_direct) {
    subscribe_to("$JS.API.DIRECT.GET." + name, direct_gets_, kDirectGetQueue);
    subscribe_to("$JS.API.DIRECT.GET." + name + ".>", direct_gets_last_, kDirectGetQueue);
  }
  if (config_.mirror_direct && config_.mirror) {
    const std::string origin = config_.mirror->name;
    subscribe_to("$JS.API.DIRECT.GET." + origin, direct_gets_, kDirectGetQueue);
    subscribe_to("$JS.API.DIRECT.GET." + origin + ".>", direct_gets_last_, kDirectGetQueue);
  }
}

void Stream::unsubscribe() {
  for (const subject::Target target : subscriptions_) shard_.worker().unsubscribe_internal(target);
  subscriptions_.clear();
}

void Stream::update(StreamConfig config) {
  unsubscribe();
  const bool learns_ttl = !config_.allow_msg_ttl && config.allow_msg_ttl;
  const bool fewer_each = config.max_messages_per_subject != config_.max_messages_per_subject;
  config_ = std::move(config);
  store_->set_disk(shard_.jetstream().folder().data_disk(config_.compression == Compression::kS2));
  ingest_.configure();
  if (learns_ttl) remember_messages();
  subscribe();
  if (fewer_each) enforce_subject_limits();
  enforce_limits();
  // What is too old now goes before anybody is given it.
  on_age_timer();
  start_feeds();
}

void Stream::start_feeds() {
  std::vector<std::unique_ptr<SourceFeed>> before = std::exchange(feeds_, {});
  const auto feed = [&](const SourceConfig& config, bool is_mirror) {
    const auto kept = std::ranges::find_if(
        before, [&](const auto& old) { return old != nullptr && old->config() == config; });
    if (kept != before.end()) {
      feeds_.push_back(std::move(*kept));
      return;
    }
    feeds_.push_back(std::make_unique<SourceFeed>(*this, config, is_mirror));
    feeds_.back()->start(is_mirror ? store_->figures().last : last_sourced(*feeds_.back()));
  };
  if (config_.mirror) feed(*config_.mirror, true);
  for (const SourceConfig& source : config_.sources) feed(source, false);
}

Sequence Stream::last_sourced(const SourceFeed& feed) {
  const std::string start = feed.header_start();
  const std::size_t space = start.find(' ');
  const store::Filter all;
  Sequence before{};
  while (true) {
    const auto found = store_->find_last(all, before);
    if (!found || !*found) return {};
    before = **found;
    const auto message = store_->load(before);
    if (!message) continue;
    // <stream> <sequence> <filters> <destinations> <subject>
    std::string_view origin = header_value(message->header, "Nats-Stream-Source");
    if (!origin.starts_with(std::string_view(start).substr(0, space + 1))) continue;
    origin.remove_prefix(space + 1);
    const std::size_t end = origin.find(' ');
    if (end == std::string_view::npos ||
        !origin.substr(end).starts_with(std::string_view(start).substr(space)))
      continue;
    std::uint64_t sequence = 0;
    (void)std::from_chars(origin.data(), origin.data() + end, sequence);
    return {sequence};
  }
}

bool Stream::is_overloaded() const {
  const ServerLimits& limits = shard_.jetstream().settings().limits;
  return taken_.messages - visible_.messages >= limits.max_buffered_messages ||
         taken_.bytes - visible_.bytes >= limits.max_buffered_bytes;
}

void Stream::set_visible_last(Sequence last, const Taken& taken) {
  visible_last_ = last;
  visible_ = taken;
  if (!reads_.empty()) read_soon();
  for (Consumer* consumer : std::exchange(await_visible_, {})) {
    consumer->awaits_visible = false;
    consumer->signal();
  }
}

store::JournalPosition Stream::durable_mark() const {
  const store::Journal* journal = shard_.journal();
  if (journal == nullptr || is_durable_at_once()) return {};
  return journal->appended();
}

store::JournalPosition Stream::message_mark() const {
  if (config_.persist_mode == PersistMode::kAsync) return {};
  return durable_mark();
}

void Stream::on_publish(const broker::Message& message) {
  if (shard_.put_off(id(), message,
                     [](Stream& stream, const broker::Message& copy) { stream.on_publish(copy); }))
    return;
  // Not the tick's: each message has its own time, and may be asked for by it.
  ingest_.take(message, shard_.worker().wall());
}

broker::StreamTrace Stream::on_traced_publish(const broker::Message& message, bool only) {
  const auto later = [](Stream& stream, const broker::Message& copy) { stream.on_publish(copy); };
  // What is put off has not been judged yet.
  if (!only && shard_.put_off(id(), message, later))
    return {name(), std::string(message.subject), false, ""};
  return ingest_.take_traced(message, shard_.worker().wall(), only);
}

Sequence Stream::store_message(const store::NewMessage& message) {
  const Sequence sequence = store_->append(message);
  ++taken_.messages;
  taken_.bytes += static_cast<std::int64_t>(message.subject.size() + message.header.size() +
                                            message.payload.size());
  bool is_claimed = config_.retention != Retention::kInterest;
  for (Consumer* consumer : filters_.matching(message.subject)) {
    consumer->on_appended(sequence, message.subject);
    is_claimed = is_claimed || !consumer->is_done_with(sequence);
    if (consumer->wants_news()) tell_when_visible(*consumer);
  }
  if (!is_claimed) leave_unclaimed(sequence);
  for (const auto& read : reads_) read->on_appended(sequence, message.subject);
  if (config_.discard == Discard::kOld || config_.max_messages_per_subject > 0)
    enforce_subject_limit(message.subject);
  enforce_limits();
  if (!message.header.empty()) remember_header(sequence, message);
  if (ages_before_timer(message.time)) arm_age_timer();
  shard_.touched(*this);
  return sequence;
}

Sequence Stream::last_of(std::string_view subject) {
  const store::SubjectState* state = store_->subject(subject);
  return state == nullptr ? Sequence{} : state->last;
}

StreamState Stream::state() const {
  // First: what it has to read may be found lost.
  const WallTime first_time = store_->first_time();
  const store::StreamFigures& figures = store_->figures();
  StreamState state;
  state.messages = figures.messages;
  state.bytes = figures.bytes;
  state.last_sequence = figures.last.value;
  state.first_sequence = figures.first.value;
  if (figures.last.value == 0) state.first_sequence = 0;
  if (figures.messages > 0) state.first_time = first_time;
  state.last_time = figures.last_time;
  state.subject_count = store_->subject_count();
  state.deleted_count = store_->deleted_count();
  if (figures.lost_messages > 0)
    state.lost = LostState{store_->lost().list(kLostListed), figures.lost_bytes};
  state.consumers = static_cast<std::int64_t>(public_consumer_count());
  return state;
}

StreamInfo Stream::info() const {
  StreamInfo info;
  info.config = config_;
  info.created = identity_.created;
  info.state = state();
  info.domain = shard_.jetstream().domain();
  if (config_.mirror && !feeds_.empty()) info.mirror = feeds_[0]->info();
  if (!config_.mirror)
    for (const auto& feed : feeds_) info.sources.push_back(feed->info());
  info.time = shard_.wall();
  return info;
}

std::uint64_t Stream::purge(const store::Filter& filter, std::uint64_t below, std::uint64_t keep) {
  const std::uint64_t purged = store_->purge(filter, {below}, keep);
  shard_.touched(*this);
  return purged;
}

bool Stream::remove(Sequence sequence, bool erase) {
  const bool removed = store_->remove(sequence, erase);
  if (removed) shard_.touched(*this);
  return removed;
}

}  // namespace midge::jetstream
