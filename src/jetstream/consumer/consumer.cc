#include "jetstream/consumer/consumer.h"
#include "jetstream/advisory.h"

#include <algorithm>

#include "jetstream/api/info.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// How much of a stream is looked at when a consumer is made; the rest in its turns.
constexpr store::Budget kCountAtOnce = 8 * 1024;

std::vector<std::string> patterns_of(const ConsumerConfig& config) {
  if (!config.filter_subject.empty()) return {config.filter_subject};
  return config.filter_subjects;
}

}  // namespace

Consumer::Consumer(Stream& stream, ConsumerId id, ConsumerConfig config, WallTime created)
    : stream_(stream),
      id_(id),
      config_(std::move(config)),
      created_(created),
      filter_(patterns_of(config_)),
      last_demand_(stream.shard().now()) {}

Consumer::~Consumer() { unsubscribe(); }

void Consumer::subscribe() {
  if (subscription_ || !stream_.is_serving()) return;
  if (config_.flow_control)
    flow_subscription_ = stream_.shard().worker().subscribe_internal(
        stream_.account(), "$JS.FC." + stream_.ack_prefix() + stream_.name() + "." + name() + ".*",
        {}, flows_);
  subscription_ = stream_.shard().worker().subscribe_internal(
      stream_.account(), "$JS.API.CONSUMER.MSG.NEXT." + stream_.name() + "." + name(), {}, pulls_);
}

void Consumer::unsubscribe() {
  if (subscription_) stream_.shard().worker().unsubscribe_internal(*subscription_);
  if (flow_subscription_) stream_.shard().worker().unsubscribe_internal(*flow_subscription_);
  subscription_.reset();
  flow_subscription_.reset();
}

void Consumer::suspend() {
  say_goodbye();
  unsubscribe();
  stream_.shard().forget(*this);
}

void Consumer::go_on() {
  last_demand_ = stream_.shard().now();
  subscribe();
  signal();
}

void Consumer::start() {
  store::StreamStore& store = stream_.store();
  const store::StreamFigures& figures = store.figures();
  next_ = figures.first;
  switch (config_.deliver_policy) {
    case DeliverPolicy::kAll:
      break;
    case DeliverPolicy::kNew:
      next_ = figures.last + 1;
      break;
    case DeliverPolicy::kByStartSequence:
      next_ = std::max(Sequence{config_.start_sequence}, figures.first);
      break;
    case DeliverPolicy::kByStartTime:
      if (config_.start_time) next_ = store.first_at(*config_.start_time);
      break;
    case DeliverPolicy::kLast: {
      const auto last = store.find_last(filter_);
      next_ = last && *last ? **last : figures.last + 1;
      break;
    }
    case DeliverPolicy::kLastPerSubject:
      // What comes later is delivered as it comes.
      next_ = figures.last + 1;
      collect_last({}, figures.last, true);
      return begin_serving();
  }
  acks_.start_after(next_ - 1);
  record({ConsumerStep::Kind::kBegin, next_, {}, {}});
  count_pending();
  begin_serving();
}

void Consumer::resume(ConsumerProgress progress) {
  // It had not found where to begin.
  if (progress.began_at.value == 0) return start();
  acks_ = std::move(progress.acks);
  next_ = std::max(progress.next, stream_.store().figures().first);
  snapshot_ = progress.snapshot;
  std::vector<PendingMessage> pending;
  acks_.for_each_pending([&](const PendingMessage& message) { pending.push_back(message); });
  // The clock may have been ahead when it was delivered.
  const WallTime now = stream_.shard().clock().steady();
  for (const PendingMessage& message : pending) {
    if (stream_.store().is_there(message.stream))
      acks_.postpone(message.stream,
                     deadline_after(std::min(message.delivered, now), message.deliveries));
    else
      acks_.drop(message.stream);
  }
  arm_ack_timer(acks_.expire(now));
  for (DeadLetter& letter : progress.letters) {
    if (letter.reason != DeadLetter::Reason::kKept)
      add_dead_letter(std::move(letter));
    else if (stream_.store().is_there(letter.stream))
      kept_.insert(letter.stream);
  }
  give_up_exhausted();
  if (acks_.delivered().stream < snapshot_) {
    next_ = snapshot_ + 1;
    collect_last(acks_.delivered().stream, snapshot_, false);
  } else {
    count_pending();
  }
  begin_serving();
}

ConsumerProgress Consumer::progress() const {
  // It has not found where to begin.
  if (collecting_ != nullptr && collecting_->begins) return {};
  std::vector<DeadLetter> letters;
  if (dead_letters_ != nullptr) letters = dead_letters_->all();
  for (const Sequence kept : kept_) letters.push_back({kept, 0, DeadLetter::Reason::kKept, {}, {}});
  return {acks_, next_, std::max(next_, Sequence{1}), snapshot_, std::move(letters)};
}

void Consumer::collect_last(Sequence above, Sequence up_to, bool begins) {
  collecting_ =
      std::make_unique<Collecting>(Collecting{store::SubjectTree::Walk(filter_), above, begins});
  snapshot_ = up_to;
  listed_.clear();
  counting_.reset();
  store::Budget budget = kCountAtOnce;
  settle(budget);
}

void Consumer::collected() {
  if (collecting_->begins) {
    const Sequence first = listed_.empty() ? next_ : listed_.front();
    acks_.start_after(first - 1);
    record({ConsumerStep::Kind::kBegin, first, {snapshot_.value}, {}});
  }
  collecting_.reset();
  counting_ = stream_.store().start_count(filter_, next_);
}

void Consumer::count_pending() {
  counting_ = stream_.store().start_count(filter_, next_);
  store::Budget budget = kCountAtOnce;
  settle(budget);
}

bool Consumer::settle(store::Budget& budget) {
  store::StreamStore& store = stream_.store();
  if (collecting_ != nullptr) {
    if (budget <= 0) return false;
    store.subjects().step(collecting_->walk, store::subjects_for(budget),
                          [&](std::string_view, store::SubjectState& state) {
                            budget -= store::kPerSubject;
                            if (state.last > collecting_->above && state.last <= snapshot_)
                              listed_.add(state.last);
                            return true;
                          });
    if (!collecting_->walk.done()) {
      budget = 0;
      return false;
    }
    if (!listed_.settle(budget, [&](Sequence each) { return store.is_there(each); })) return false;
    collected();
  }
  if (counting_ == nullptr) return true;
  if (!store.step(*counting_, budget)) return false;
  pending_ = counting_->matched() + listed_.there();
  counting_.reset();
  for (const auto& work : std::exchange(when_counted_, {})) work(*this);
  return true;
}

bool Consumer::unpin(std::string_view group) {
  if (std::ranges::find(config_.priority_groups, group) == config_.priority_groups.end())
    return false;
  if (!priority_.pin_id().empty()) advise_unpinned(*this, group, "admin");
  priority_.unpin();
  signal();
  return true;
}

void Consumer::on_pin_timer() {
  Shard& shard = stream_.shard();
  if (priority_.pin_id().empty()) return;
  const MonoTime due = priority_.last_asked() + config_.priority_timeout;
  // What it asked for earlier does not keep the pin.
  if (due > shard.now()) return pin_timer_.arm(shard.timers(), *this, due);
  if (!config_.priority_groups.empty())
    advise_unpinned(*this, config_.priority_groups.front(), "timeout");
  priority_.unpin();
  signal();
}

void Consumer::begin_serving() {
  subscribe();
  if (config_.pause_until) pause(config_.pause_until);
  arm_inactive();
  if (config_.idle_heartbeat.ns > 0 && config_.is_push())
    heartbeat_timer_.arm(stream_.shard().timers(), *this,
                         stream_.shard().now() + config_.idle_heartbeat);
  signal();
}

void Consumer::signal() { stream_.shard().ready(*this); }

void Consumer::on_appended(Sequence sequence, std::string_view subject) {
  if (counting_ != nullptr) return counting_->appended(sequence, subject);
  if (collecting_ == nullptr && sequence >= next_) ++pending_;
}

void Consumer::on_removed(Sequence sequence, std::string_view subject) {
  if (sequence >= next_) {
    if (counting_ != nullptr)
      counting_->removed(sequence, subject);
    else if (collecting_ == nullptr && pending_ > 0)
      --pending_;
    return;
  }
  if (listed_.remove(sequence)) {
    if (collecting_ == nullptr && counting_ == nullptr && pending_ > 0) --pending_;
    return;
  }
  kept_.erase(sequence);
  const bool was_full = is_full();
  if (acks_.drop(sequence) && was_full) signal();
}

bool Consumer::is_done_with(Sequence sequence) const {
  if (sequence >= next_ || collecting_ != nullptr || listed_.contains(sequence)) return false;
  if (dead_letters_ != nullptr && dead_letters_->has(sequence)) return false;
  if (kept_.contains(sequence)) return false;
  return config_.ack_policy == AckPolicy::kNone || acks_.find(sequence) == nullptr;
}

bool Consumer::has_interest() const {
  if (!config_.is_push()) return !requests_.empty();
  return stream_.shard().worker().has_interest(stream_.account(), config_.deliver_subject, false);
}

ConsumerInfo Consumer::info() const {
  ConsumerInfo info;
  info.stream = stream_.name();
  info.name = name();
  info.created = created_;
  info.config = config_;
  const auto pair = [](const Positions& positions) {
    return SequencePair{positions.consumer.value, positions.stream.value, std::nullopt};
  };
  info.delivered = pair(acks_.delivered());
  if (last_active_ != kNoTime) info.delivered.last_active = last_active_;
  info.ack_floor = pair(acks_.floor());
  if (last_ack_ != kNoTime) info.ack_floor.last_active = last_ack_;
  info.ack_pending = static_cast<std::int64_t>(acks_.pending());
  info.redelivered = static_cast<std::int64_t>(acks_.redelivered());
  info.waiting = std::ranges::count_if(requests_, [&](const PullRequest& request) {
    return stream_.shard().worker().has_interest(stream_.account(), request.reply);
  });
  info.pending = pending_;
  info.push_bound = config_.is_push() && has_interest();
  info.time = stream_.shard().wall();
  if (dead_letters_ != nullptr && dead_letters_->size() > 0)
    info.dead_letters = DeadLetterInfo{dead_letters_->size(), dead_letters_->error()};
  for (const std::string& group : config_.priority_groups)
    // As nats-server: the first one only.
    if (info.priority_groups.empty())
      info.priority_groups.push_back({group, priority_.pin_id(), priority_.pinned_at()});
  if (is_paused()) {
    info.paused = true;
    info.pause_remaining = *config_.pause_until - info.time;
  }
  return info;
}

void Consumer::update(ConsumerConfig config) {
  const bool filters_change = patterns_of(config) != patterns_of(config_);
  stream_.shard().end_wait_for_interest(*this);
  config_ = std::move(config);
  if (filters_change) {
    stream_.forget_filter(*this);
    const store::Filter before = std::exchange(filter_, store::Filter(patterns_of(config_)));
    stream_.learn_filter(*this);
    stream_.drop_unwanted(before, floor() + 1);
    if (acks_.delivered().stream < snapshot_)
      collect_last(acks_.delivered().stream, snapshot_, false);
    else
      count_pending();
  }
  arm_inactive();
  signal();
}

ApiResult<Sequence> Consumer::reset(std::uint64_t sequence) {
  const auto refuse = [](const char* why) {
    return api_failure(ApiErrorCode::kConsumerInvalidReset, {why});
  };
  Sequence to{sequence};
  if (sequence == 0) {
    to = acks_.floor().stream + 1;
  } else if (config_.deliver_policy == DeliverPolicy::kByStartSequence) {
    if (sequence < config_.start_sequence) return refuse("below start seq");
  } else if (config_.deliver_policy != DeliverPolicy::kAll &&
             config_.deliver_policy != DeliverPolicy::kByStartTime) {
    return refuse("not allowed");
  }
  stream_.leave_unclaimed(floor() + 1);
  acks_.reset(to - 1);
  next_ = to;
  record({ConsumerStep::Kind::kBegin, next_, {}, {}});
  listed_.clear();
  kept_.clear();
  snapshot_ = {};
  collecting_.reset();
  last_active_ = last_ack_ = kNoTime;
  count_pending();
  signal();
  return to;
}

void Consumer::close(std::string_view status) {
  for (const PullRequest& request : requests_) send_status(request.reply, status, nullptr);
  requests_.clear();
}

void Consumer::say_goodbye() {
  for (const PullRequest& request : requests_)
    send_status(request.reply, "409 Server Shutdown", &request);
  requests_.clear();
}

void Consumer::record(ConsumerStep step) {
  if (config_.memory_storage) return;
  stream_.shard().record_step(*this, step);
}

}  // namespace midge::jetstream
