#include "flow.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "clock.h"
#include "fail.h"

namespace midge::load {
namespace {
constexpr std::int64_t kQuantum = 50'000;          // paced frames go out at most this often
constexpr std::size_t kWriteBytes = 256 * 1024;    // one publisher's turn
constexpr double kDrainSeconds = 10;               // for what is under way at the end
constexpr std::uint64_t kRunawayBytes = 32 << 20;  // paced: the server does not keep up
}  // namespace

Flow::Flow(Engine& engine, const FlowPlan& plan, const Batch& batch)
    : engine_(engine), plan_(plan), batch_(batch) {
  engine_.add(*this);
}

void Flow::add_publisher(Socket socket) {
  publishers_.emplace_back(std::move(socket), engine_.poller(), engine_.scratch(), batch_);
}

Subscriber& Flow::add_subscriber(Socket socket) {
  return subscribers_.emplace_back(std::move(socket), engine_.poller(), engine_.scratch(),
                                   plan_.message_bytes, plan_.payload);
}

void Flow::start_peak() {
  for (Subscriber& subscriber : subscribers_) subscriber.record_into(nullptr);
  mode_ = Mode::kPeak;
}

void Flow::start_paced(double rate) {
  for (Subscriber& subscriber : subscribers_) subscriber.record_into(&latency_);
  latency_.clear();
  lateness_.clear();
  rate_ = rate;
  paced_since_ = turn_wanted_ = now_ns();
  paced_sent_ = 0;
  mode_ = Mode::kPaced;
}

void Flow::stop() {
  mode_ = Mode::kIdle;
  for (Publisher& publisher : publishers_) publisher.finish_frame();
  if (!engine_.run_until([this] { return completed() == sent(); }, kDrainSeconds)) {
    fail("of " + std::to_string(sent()) + " messages " + std::to_string(completed()) + " arrived");
  }
}

std::uint64_t Flow::sent() const {
  std::uint64_t frames = paced_total_;
  for (const Publisher& publisher : publishers_) frames += publisher.frames_sent();
  return frames;
}

std::uint64_t Flow::delivered() const {
  std::uint64_t frames = 0;
  for (const Subscriber& subscriber : subscribers_) {
    if (!subscriber.stalled()) frames += subscriber.frames();
  }
  return frames;
}

std::uint64_t Flow::completed() const {
  switch (plan_.delivery) {
    case Delivery::kOne:
      return delivered();
    case Delivery::kEveryone: {
      std::uint64_t least = UINT64_MAX;
      for (const Subscriber& subscriber : subscribers_) {
        if (!subscriber.stalled()) least = std::min(least, subscriber.frames());
      }
      return least;
    }
    case Delivery::kNobody: {
      std::uint64_t frames = paced_total_;
      for (const Publisher& p : publishers_) frames += p.batches_confirmed() * batch_.frames();
      return frames;
    }
  }
  return 0;
}

double Flow::messages() const {
  if (plan_.delivery != Delivery::kEveryone) return static_cast<double>(completed());
  const auto stalls = [](const Subscriber& subscriber) { return subscriber.stalled(); };
  const auto reading = std::ranges::count_if(subscribers_, std::not_fn(stalls));
  return static_cast<double>(delivered()) / static_cast<double>(reading);
}

std::int64_t Flow::advance(std::int64_t now) {
  for (Publisher& publisher : publishers_) publisher.flush();
  if (mode_ == Mode::kPeak) return advance_peak();
  if (mode_ == Mode::kPaced) return advance_paced(now);
  return kNever;
}

std::int64_t Flow::advance_peak() {
  const std::size_t chunk =
      std::min(plan_.window_frames / 4 + 1, std::size_t{64} * 1024 / batch_.frame_bytes());
  std::uint64_t under_way = sent() - completed_seen_;
  if (under_way + chunk > plan_.window_frames) {
    completed_seen_ = completed();
    under_way = sent() - completed_seen_;
  }
  bool more = false;
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    if (under_way + chunk > plan_.window_frames) return kNever;
    Publisher& publisher = publishers_[next_publisher_++ % publishers_.size()];
    if (publisher.blocked()) continue;
    const std::size_t room = (plan_.window_frames - under_way) * batch_.frame_bytes();
    const std::uint64_t before = publisher.frames_sent();
    publisher.send_batch(std::min(room, kWriteBytes));
    under_way += publisher.frames_sent() - before;
    more = more || !publisher.blocked();
  }
  return more && under_way + chunk <= plan_.window_frames ? 0 : kNever;
}

std::int64_t Flow::advance_paced(std::int64_t now) {
  const auto due = static_cast<std::uint64_t>(static_cast<double>(now - paced_since_) * rate_ /
                                              static_cast<double>(kSecond)) +
                   1;
  if (now >= turn_wanted_) lateness_.record(now - turn_wanted_);
  // Rotates over the publishers in blocks, as frames sent in one turn go to one of them.
  if (due > paced_sent_) {
    Publisher& publisher = publishers_[next_publisher_++ % publishers_.size()];
    append_frames(publisher, due - paced_sent_, now);
    if (plan_.delivery == Delivery::kNobody) publisher.probe(now, latency_);
    publisher.flush();
    paced_total_ += due - paced_sent_;
    paced_sent_ = due;
    if (publisher.outbox().size() > kRunawayBytes) fail_overloaded();
  }
  const auto next = paced_since_ + static_cast<std::int64_t>(static_cast<double>(paced_sent_) *
                                                             static_cast<double>(kSecond) / rate_);
  return turn_wanted_ = std::max(next, now + kQuantum);
}

void Flow::append_frames(Publisher& publisher, std::uint64_t count, std::int64_t now) {
  std::string& outbox = publisher.outbox();
  const std::size_t stamp_at = batch_.frame_bytes() - 2 - plan_.payload;
  for (std::uint64_t i = 0; i < count; ++i) {
    outbox += batch_.frame(paced_total_ + i);
    std::memcpy(outbox.data() + outbox.size() - batch_.frame_bytes() + stamp_at, &now, sizeof now);
  }
}

}  // namespace midge::load
