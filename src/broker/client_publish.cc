// PUB and HPUB of a client.
#include "broker/client.h"
#include "broker/message.h"
#include "broker/worker.h"
#include "subject/subject.h"

namespace midge::broker {

namespace {

// How long a fast producer waits for a slow receiver, where the configuration asks for it.
constexpr Duration kStall = milliseconds(5);

// Subjects that servers use among themselves.
bool is_reserved(std::string_view subject) {
  return subject.starts_with("_GR_.") || subject.starts_with("$GR.") ||
         subject.starts_with("$NRG.");
}

// Replies that only a server may set.
bool is_reserved_reply(std::string_view reply) {
  return reply.starts_with("_R_.") || reply.starts_with("_GR_.") || reply.starts_with("$GR.") ||
         reply.starts_with("$JS.ACK.");
}

}  // namespace

void Client::handle_publish(const proto::Frame& frame) {
  ++traffic_.in_msgs;
  traffic_.in_bytes += frame.payload.size();
  WorkerStats& counters = worker_.counters();
  ++counters.traffic.in_msgs;
  counters.traffic.in_bytes += frame.payload.size();
  if (worker_.log().trace_on()) [[unlikely]]
    trace_payload("<<-", frame.payload, frame.header_size);

  if (options_.pedantic && !subject::is_valid_literal(frame.subject))
    send_error("Invalid Publish Subject");
  // A mapped message needs permission for what it is mapped to: Worker::cross() asks.
  if (permissions_ && !permissions_->may_publish(frame.subject) &&
      !worker_.maps(account_, frame.subject) &&
      !permissions_->take_reply(frame.subject, worker_.now())) [[unlikely]]
    return refuse_publish(frame.subject);
  const bool looks_reserved =
      frame.subject[0] == '_' || frame.subject[0] == '$' || !frame.reply.empty();
  if (looks_reserved && !may_publish(frame)) return;
  send_ok();

  Message message;
  message.account = account();
  message.subject = frame.subject;
  message.reply = frame.reply;
  message.header_size = frame.header_size;
  message.payload = frame.payload;
  message.block = frame.block;
  worker_.publish(*this, message);
  if (worker_.take_slow_receiver() && worker_.config().stall_fast_producers) stall_producer();
}

bool Client::may_publish(const proto::Frame& frame) {
  if (is_reserved(frame.subject)) {
    refuse_publish(frame.subject);
    return false;
  }
  if (is_reserved_reply(frame.reply)) {
    send_error("Permissions Violation for Publish with Reply of \"" + std::string(frame.reply) +
               "\"");
    log_wrong("Publish Violation - Reply \"" + std::string(frame.reply) + '"');
    return false;
  }
  return true;
}

bool Client::may_publish_mapped(std::string_view subject) {
  if (!permissions_ || permissions_->may_publish(subject)) return true;
  refuse_publish(subject);
  return false;
}

void Client::refuse_publish(std::string_view subject) {
  worker_.end_run();
  send_error("Permissions Violation for Publish to \"" + std::string(subject) + '"');
  log_wrong("Publish Violation - Subject \"" + std::string(subject) + '"');
}

void Client::stall_producer() {
  if (closing_ || read_paused_) return;
  ++stalls_;
  ++worker_.counters().stalled_clients;
  read_paused_ = true;
  if (!stall_timer_)
    stall_timer_ = std::make_unique<io::MemberTimer<&Client::on_stall_timer>>(*this);
  worker_.loop().timers().arm(*stall_timer_, worker_.now() + kStall);
  watch_stream();
}

void Client::on_stall_timer() {
  read_paused_ = false;
  if (closing_) return;
  if (input_set_aside()) worker_.resume_later(*this);
  watch_stream();
}

}  // namespace midge::broker
