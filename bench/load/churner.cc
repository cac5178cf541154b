#include "churner.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cmath>

#include "clock.h"

namespace midge::load {
namespace {
constexpr std::uint64_t kLive = 1000;
constexpr std::uint64_t kTurnsUnanswered = 16;
constexpr std::int64_t kRetry = 50'000;
constexpr std::uint64_t kFirstSid = 10;
}  // namespace

Churner::Churner(Engine& engine, Socket socket, ChurnKind kind)
    : socket_(std::move(socket)), reader_(engine.scratch(), 0), kind_(kind) {
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  engine.add(*this);
}

void Churner::set_rate(double rate) {
  rate_ = rate;
  rate_since_ = now_ns();
  turns_since_ = 0;
}

std::int64_t Churner::advance(std::int64_t now) {
  if (rate_ <= 0) return kNever;
  const double turns_per_ns = rate_ / kPairsPerTurn / static_cast<double>(kSecond);
  const auto due = [&] {
    return std::isinf(rate_) || static_cast<double>(turns_since_) <
                                    static_cast<double>(now - rate_since_) * turns_per_ns;
  };
  while (turns_ - reader_.pongs() < kTurnsUnanswered && due()) append_turn();
  if (!outbox_.empty()) outbox_.erase(0, socket_.try_send(outbox_.data(), outbox_.size()));
  if (!outbox_.empty()) return now + kRetry;
  if (turns_ - reader_.pongs() >= kTurnsUnanswered) return kNever;  // a PONG wakes us
  return rate_since_ + static_cast<std::int64_t>(static_cast<double>(turns_since_) / turns_per_ns);
}

void Churner::append_turn() {
  for (std::uint64_t i = 0; i < kPairsPerTurn; ++i) {
    const std::uint64_t id = turns_ * kPairsPerTurn + i;
    outbox_ += "SUB ";
    append_subject(id);
    outbox_ += ' ' + std::to_string(kFirstSid + id) + "\r\n";
    if (id >= kLive) outbox_ += "UNSUB " + std::to_string(kFirstSid + id - kLive) + "\r\n";
  }
  outbox_ += "PING\r\n";
  ++turns_;
  ++turns_since_;
}

void Churner::append_subject(std::uint64_t id) {
  outbox_ += kind_ == ChurnKind::kInbox ? "_INBOX." : "*.watch.";
  // A distinct token of 22 characters, spread over the alphabet as clients' random ones are.
  std::uint64_t mixed = (id + 1) * 0x9E37'79B9'7F4A'7C15;
  for (int i = 0; i < 11; ++i, mixed /= 36)
    outbox_ += "0123456789abcdefghijklmnopqrstuvwxyz"[mixed % 36];
  for (int i = 0; i < 11; ++i, id /= 10) outbox_ += static_cast<char>('A' + id % 10);
}

void Churner::on_ready(std::uint32_t) {
  reader_.drain(socket_, [](std::string_view) {});
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) outbox_ += "PONG\r\n";
}

}  // namespace midge::load
