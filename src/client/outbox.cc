#include "client/outbox.h"

#include <utility>

#include "proto/client_parser.h"

namespace midge::detail {
namespace {

constexpr proto::ParserLimits kNoLimits{.max_control_line = 1 << 30, .max_payload = -1};

// What a buffer held for a burst, of one that is empty and has nothing to do.
void let_go(std::string& bytes) {
  constexpr std::size_t kIdleBytes = 64 * 1024;
  if (bytes.capacity() > kIdleBytes) bytes = std::string();
}

}  // namespace

std::unexpected<Error> Outbox::closed() {
  return failure("the connection is closed", ErrorCode::kClosed);
}

Result<void> Outbox::make_room(io::Monitor::Lock& lock, std::size_t size, const Deadline& deadline,
                               bool may_wait) {
  if (state_ == State::kHolding)
    return failure("there is no connection, and no room to keep it until there is",
                   ErrorCode::kNoSpace);
  // A frame larger than the limit goes when there is nothing else.
  if (!may_wait || bytes_.empty()) return {};
  lock.unlock();
  Patience patience(monitor_, deadline);
  lock.lock();
  ++waiting_;
  bool goes_on = true;
  while (goes_on && state_ == State::kOpen && is_full(size) && !bytes_.empty())
    goes_on = patience.wait(lock);
  --waiting_;
  if (!goes_on) return patience.error();
  if (state_ == State::kHolding && is_full(size)) return make_room(lock, size, deadline, may_wait);
  return {};
}

Result<Outbox::Appended> Outbox::append_control(std::string_view line) {
  const io::Monitor::Lock lock(monitor_);
  if (state_ == State::kClosed) return closed();
  // Without a connection the next one is told all of it anew.
  if (state_ == State::kHolding) return Appended{};
  bytes_.append(line);
  return Appended{!std::exchange(told_, true)};
}

Outbox::Taken Outbox::take(std::string& into, std::size_t least) {
  const io::Monitor::Lock lock(monitor_);
  if (state_ != State::kOpen || bytes_.empty()) {
    told_ = false;
    let_go(into);
    if (bytes_.empty()) let_go(bytes_);
    return Taken::kNothing;
  }
  if (bytes_.size() < least && waiting_ == 0) return Taken::kLittle;
  // Who takes comes again when it has written, and need not be told meanwhile.
  std::swap(bytes_, into);
  if (waiting_ > 0) monitor_.tell();
  return Taken::kAll;
}

void Outbox::open() {
  const io::Monitor::Lock lock(monitor_);
  if (state_ == State::kHolding) state_ = State::kOpen;
}

bool Outbox::hold(std::string rest, std::size_t written) {
  const io::Monitor::Lock lock(monitor_);
  if (state_ != State::kOpen) return false;
  state_ = State::kHolding;
  bytes_ = publishes_from(rest, written) + publishes_from(bytes_, 0);
  told_ = false;
  monitor_.tell();
  return true;
}

void Outbox::close() {
  const io::Monitor::Lock lock(monitor_);
  state_ = State::kClosed;
  bytes_.clear();
  bytes_.shrink_to_fit();
  monitor_.tell();
}

std::string publishes_from(std::string_view frames, std::size_t from) {
  std::string kept;
  proto::ClientParser parser;
  proto::Frame frame;
  const SharedBytes none;
  std::string_view rest = frames;
  while (!rest.empty()) {
    const char* const begin = rest.data();
    if (parser.next(rest, none, kNoLimits, true, frame) != proto::ParseStatus::kFrame) break;
    const auto at = static_cast<std::size_t>(begin - frames.data());
    const bool is_publish = frame.verb == proto::Verb::kPub || frame.verb == proto::Verb::kHpub;
    if (is_publish && at >= from) kept.append(begin, rest.data());
  }
  return kept;
}

}  // namespace midge::detail
