#include "jetstream/receiver.h"

#include <sys/epoll.h>

#include <algorithm>

#include "clock.h"

namespace midge::load {
namespace {

constexpr std::string_view kInbox = "_INBOX.pull";
constexpr std::string_view kDeliverSubject = "_INBOX.push";
constexpr std::int64_t kQuantum = 50'000;
constexpr int kHeartbeat = 100;

}  // namespace

Receiver::Receiver(Socket socket, Engine& engine, ReceiverPlan plan)
    : plan_(std::move(plan)),
      socket_(std::move(socket)),
      writer_(socket_),
      reader_(engine.scratch(), FrameReader::kAnySize) {
  socket_.send_all(plan_.pulls ? "SUB " + std::string(kInbox) + ".* 3\r\n"
                               : "SUB " + std::string(kDeliverSubject) + " 3\r\n");
  socket_.barrier();
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  engine.add(*this);
}

std::int64_t Receiver::advance(std::int64_t now) {
  if (started_ && plan_.pulls && messages_ < plan_.total) ask(now);
  if (messages_ >= plan_.total && !said_ping_) {
    writer_.bytes() += "PING\r\n";
    said_ping_ = true;
  }
  writer_.flush();
  return writer_.empty() ? kNever : now + kQuantum;
}

void Receiver::ask(std::int64_t now) {
  const std::uint64_t left = plan_.total - messages_;
  if (to_come_ > plan_.asks_again_at || to_come_ >= left) return;
  const std::uint64_t batch = std::min(plan_.batch, left) - to_come_;
  const std::string body = "{\"expires\":30000000000,\"batch\":" + std::to_string(batch) + "}";
  std::string& out = writer_.bytes();
  out.append("PUB $JS.API.CONSUMER.MSG.NEXT.").append(plan_.stream).append(".");
  out.append(plan_.consumer).append(" ").append(kInbox).append(".");
  out.append(std::to_string(++requests_)).append(" ").append(std::to_string(body.size()));
  out.append("\r\n").append(body).append("\r\n");
  if (to_come_ == 0) asked_at_ = now;
  to_come_ += batch;
}

void Receiver::on_ready(std::uint32_t) {
  reader_.drain(socket_, [&](std::string_view frame) { take(Message::parse(frame)); });
  if (plan_.pulls && to_come_ == 0 && asked_at_ != 0) {
    latency_.record(now_ns() - asked_at_);
    asked_at_ = 0;
  }
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
}

void Receiver::take(const Message& message) {
  if (message.status() != 0) {
    if (message.status() != kHeartbeat) fail("a status: " + std::string(message.header));
    if (!message.reply.empty())
      writer_.bytes().append("PUB ").append(message.reply).append(" 0\r\n\r\n");
    return;
  }
  ++messages_;
  if (to_come_ > 0) --to_come_;
  if (plan_.acks) acknowledge(message.reply);
}

void Receiver::acknowledge(std::string_view reply) {
  std::string other;
  if (plan_.holds_back > 0) {
    held_back_.emplace_back(reply);
    if (held_back_.size() <= plan_.holds_back) return;
    chance_ = chance_ * 1'664'525 + 1'013'904'223;
    std::swap(held_back_[chance_ % held_back_.size()], held_back_.back());
    other = std::move(held_back_.back());
    held_back_.pop_back();
    reply = other;
  }
  writer_.bytes().append("PUB ").append(reply).append(" 4\r\n+ACK\r\n");
}

}  // namespace midge::load
