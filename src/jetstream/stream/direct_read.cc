#include "jetstream/stream/direct_read.h"

#include <algorithm>

#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

// What one message costs beside what it took to find it.
constexpr store::Budget kPerMessage = 64;
// A question for several subjects has no more answers than this.
constexpr std::size_t kSubjectsMax = 1024;
// Nodes of the tree of subjects that are looked at in one go. The common case ends within one, and
// sees all subjects at one moment.
constexpr std::size_t kNodesPerStep = 64 * 1024;

std::vector<std::string> valid(const std::vector<std::string>& patterns) {
  std::vector<std::string> some;
  std::ranges::copy_if(patterns, std::back_inserter(some), &subject::is_valid);
  return some;
}

}  // namespace

DirectRead::DirectRead(Stream& stream, std::string reply, DirectTerms terms)
    : stream_(stream),
      reply_(std::move(reply)),
      terms_(std::move(terms)),
      multi_(!terms_.multi_last.empty()),
      sees_(stream.store().figures().last),
      bytes_max_(terms_.max_bytes < 0 ? 1
                 : terms_.max_bytes > 0
                     ? static_cast<std::uint64_t>(terms_.max_bytes)
                     : static_cast<std::uint64_t>(stream.shard().worker().config().max_pending)) {}

DirectRead::Progress DirectRead::step(store::Budget& budget) {
  if (stream_.visible_last() < sees_) return Progress::kNotDurable;
  Progress progress = Progress::kMore;
  while (progress == Progress::kMore && budget > 0) {
    switch (phase_) {
      case Phase::kBegin:
        progress = begin();
        break;
      case Phase::kCount:
        progress = count(budget);
        break;
      case Phase::kCollect:
        progress = collect(budget);
        break;
      case Phase::kSend:
        progress = send(budget);
        break;
    }
  }
  return progress;
}

DirectRead::Progress DirectRead::begin() {
  store::StreamStore& store = stream_.store();
  if (multi_) {
    std::vector<std::string> patterns = valid(terms_.multi_last);
    if (patterns.empty()) return refuse("404 No Results");
    up_to_ = store.figures().last;
    if (terms_.up_to_sequence > 0) up_to_ = {terms_.up_to_sequence};
    if (terms_.up_to_time) up_to_ = store.first_at(*terms_.up_to_time) - 1;
    if (up_to_ < store.figures().first || up_to_ > store.figures().last)
      return refuse("404 No Results");
    walk_ = store::SubjectTree::Walk(store::Filter(std::move(patterns)));
    phase_ = Phase::kCollect;
    return Progress::kMore;
  }
  if (!terms_.next_by_subject.empty()) {
    if (!subject::is_valid(terms_.next_by_subject)) return refuse("404 Message Not Found");
    filter_ = store::Filter({terms_.next_by_subject});
  }
  at_ = {terms_.sequence};
  if (terms_.start_time) at_ = store.first_at(*terms_.start_time);
  counting_ = store.start_count(filter_, at_);
  phase_ = Phase::kCount;
  return Progress::kMore;
}

DirectRead::Progress DirectRead::count(store::Budget& budget) {
  if (!stream_.store().step(*counting_, budget)) return Progress::kMore;
  pending_ = counting_->matched();
  counting_.reset();
  if (pending_ == 0) return refuse("404 Message Not Found");
  if (terms_.batch < 0) return finish();
  phase_ = Phase::kSend;
  return Progress::kMore;
}

store::Sequence DirectRead::last_within(std::string_view subject,
                                        const store::SubjectState& state) {
  if (terms_.up_to_sequence == 0 && !terms_.up_to_time) {
    // Newer than the question: the tree was walked in steps.
    sees_ = up_to_ = std::max(up_to_, state.last);
    return state.last;
  }
  const auto found = stream_.store().find_last(store::Filter({std::string(subject)}), up_to_ + 1);
  return found && *found ? **found : store::Sequence{};
}

DirectRead::Progress DirectRead::collect(store::Budget& budget) {
  // Messages are looked for between two steps of the walk, which must not see the tree change.
  if (!later_.empty()) {
    const auto [subject, state] = std::move(later_.back());
    later_.pop_back();
    if (const auto sequence = last_within(subject, state); sequence.value > 0)
      found_.push_back(sequence);
    budget -= 4 * kPerMessage;
  } else if (!walk_.done()) {
    stream_.store().subjects().step(walk_, kNodesPerStep,
                                    [&](std::string_view subject, store::SubjectState& state) {
                                      --budget;
                                      if (state.last <= up_to_)
                                        found_.push_back(state.last);
                                      else if (state.first <= up_to_)
                                        later_.emplace_back(std::string(subject), state);
                                      return found_.size() + later_.size() <= kSubjectsMax * 2;
                                    });
    budget -= kPerMessage;
  }
  if (found_.size() > kSubjectsMax) return refuse("413 Too Many Results");
  if (!walk_.done() || !later_.empty()) return Progress::kMore;
  if (found_.empty()) return refuse("404 No Results");
  std::ranges::sort(found_);
  place_ = static_cast<std::size_t>(
      std::ranges::lower_bound(found_, store::Sequence{terms_.sequence}) - found_.begin());
  pending_ = found_.size() - place_;
  phase_ = Phase::kSend;
  return Progress::kMore;
}

store::Sequence DirectRead::next(store::Budget& budget) {
  if (multi_) {
    done_ = place_ == found_.size();
    return done_ ? store::Sequence{} : found_[place_++];
  }
  const auto found = stream_.store().find_next(filter_, at_, budget);
  if (found && found->found && *found->found <= stream_.visible_last()) {
    at_ = *found->found + 1;
    return *found->found;
  }
  if (found && !found->found && budget <= 0) {
    at_ = found->next;
    done_ = at_ > stream_.visible_last();
  } else {
    done_ = true;
  }
  return {};
}

DirectRead::Progress DirectRead::send(store::Budget& budget) {
  while (!done_ && budget > 0) {
    if ((terms_.batch > 0 && sent_ >= terms_.batch) || bytes_ >= bytes_max_) break;
    const store::Sequence sequence = next(budget);
    budget -= kPerMessage;
    if (sequence.value == 0) continue;
    if (pending_ > 0) --pending_;
    if (send_one(sequence)) ++sent_;
    if (std::exchange(slow_, false)) return Progress::kSlow;
  }
  const bool is_full = (terms_.batch > 0 && sent_ >= terms_.batch) || bytes_ >= bytes_max_;
  return done_ || is_full ? finish() : Progress::kMore;
}

bool DirectRead::send_one(store::Sequence sequence) {
  const auto message = stream_.store().load(sequence);
  if (!message) return false;  // gone meanwhile
  std::string text;
  broker::Message out;
  if (multi_ || !terms_.no_header) {
    HeaderWriter header = Stream::direct_headers(stream_.name(), *message);
    header.field("Nats-Num-Pending", pending_).field("Nats-Last-Sequence", last_sent_.value);
    text = header.take();
    out.header_size = static_cast<std::uint32_t>(text.size());
  }
  text.append(message->payload);
  bytes_ += message->subject.size() + message->header.size() + message->payload.size();
  last_sent_ = sequence;
  out.account = stream_.account();
  out.subject = reply_;
  out.payload = text;
  slow_ = stream_.shard().publish_now(reply_, out).receiver_slow;
  return true;
}

DirectRead::Progress DirectRead::refuse(std::string_view status) {
  stream_.shard().send(stream_.account(), reply_, HeaderWriter(status).take(), {});
  return Progress::kDone;
}

DirectRead::Progress DirectRead::finish() {
  HeaderWriter header("204 EOB");
  header.field("Nats-Num-Pending", pending_).field("Nats-Last-Sequence", last_sent_.value);
  if (multi_) header.field("Nats-UpTo-Sequence", up_to_.value);
  stream_.shard().send(stream_.account(), reply_, header.take(), {});
  return Progress::kDone;
}

}  // namespace midge::jetstream
