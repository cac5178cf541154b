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

std::string reply_violation(std::string_view reply) {
  return "Permissions Violation for Publish with Reply of \"" + std::string(reply) + '"';
}

}  // namespace

// What every PUB runs through is inlined into handle_publish(): the rest of this file may share it
// at no cost.
[[gnu::always_inline]] inline void Client::count_publish(const proto::Frame& frame) {
  ++traffic_.in_msgs;
  traffic_.in_bytes += frame.payload.size();
  WorkerStats& counters = worker_.counters();
  ++counters.traffic.in_msgs;
  counters.traffic.in_bytes += frame.payload.size();
  if (worker_.log().trace_on()) [[unlikely]]
    trace_payload("<<-", frame.payload, frame.header_size);
}

[[gnu::always_inline]] inline Client::Refusal Client::check_publish(const proto::Frame& frame) {
  if (options_.pedantic && !subject::is_valid_literal(frame.subject))
    send_error("Invalid Publish Subject");
  // A mapped message needs permission for what it is mapped to: Worker::cross() asks.
  if (permissions_ && !worker_.permits(account_, frame.subject, *permissions_) &&
      !worker_.maps(account_, frame.subject) &&
      !permissions_->take_reply(frame.subject, worker_.now())) [[unlikely]] {
    refuse_publish(frame.subject);
    return Refusal::kSubject;
  }
  const bool looks_reserved =
      frame.subject[0] == '_' || frame.subject[0] == '$' || !frame.reply.empty();
  return looks_reserved ? check_reserved(frame) : Refusal::kNone;
}

[[gnu::always_inline]] inline Message Client::to_message(const proto::Frame& frame) const {
  Message message;
  message.account = account();
  message.subject = frame.subject;
  message.reply = frame.reply;
  message.header_size = frame.header_size;
  message.payload = frame.payload;
  message.block = frame.block;
  return message;
}

[[gnu::always_inline]] inline void Client::route_publish(const proto::Frame& frame) {
  if (check_publish(frame) != Refusal::kNone) return;
  send_ok();
  worker_.publish(*this, to_message(frame));
  if (worker_.take_slow_receiver() && worker_.config().stall_fast_producers) stall_producer();
}

void Client::handle_publish(const proto::Frame& frame) {
  count_publish(frame);
  route_publish(frame);
}

void Client::handle_headed_publish(const proto::Frame& frame) {
  const std::string_view block = frame.payload.substr(0, frame.header_size);
  const TraceMention mention = find_trace_mention(block);
  if (mention == TraceMention::kNone) [[likely]]
    return handle_publish(frame);
  TraceRequest request = trace_request(block, mention);
  switch (request.action) {
    case TraceRequest::Action::kNone:
      return handle_publish(frame);
    case TraceRequest::Action::kDisable: {
      std::string payload;
      proto::Frame changed = frame;
      changed.header_size =
          set_header(to_message(frame), kTraceDestination, kTraceDisabled, payload);
      changed.payload = payload;
      changed.block = nullptr;
      count_publish(frame);
      return route_publish(changed);
    }
    case TraceRequest::Action::kTrace:
      return publish_traced(frame, std::move(request));
  }
}

void Client::publish_traced(const proto::Frame& frame, TraceRequest request) {
  count_publish(frame);
  if (!may_trace_to(request)) return;
  if (const Refusal refusal = check_publish(frame); refusal != Refusal::kNone) {
    return worker_.tell_refused(*this, frame.subject, frame.payload.size(), std::move(request),
                                refusal == Refusal::kReply ? reply_violation(frame.reply)
                                                           : publish_violation(frame.subject));
  }
  send_ok();
  worker_.publish_traced(*this, to_message(frame), std::move(request));
  if (worker_.take_slow_receiver() && worker_.config().stall_fast_producers) stall_producer();
}

bool Client::may_trace_to(const TraceRequest& request) {
  const std::string_view subject = request.destination;
  const bool allowed = !permissions_ || permissions_->may_publish(subject);
  if (!request.by_client || (allowed && !is_reserved(subject))) return true;
  refuse_publish(subject);
  return false;
}

Client::Refusal Client::check_reserved(const proto::Frame& frame) {
  if (is_reserved(frame.subject)) {
    refuse_publish(frame.subject);
    return Refusal::kSubject;
  }
  if (is_reserved_reply(frame.reply)) {
    send_error(reply_violation(frame.reply));
    log_wrong("Publish Violation - Reply \"" + std::string(frame.reply) + '"');
    return Refusal::kReply;
  }
  return Refusal::kNone;
}

std::string Client::publish_violation(std::string_view subject) {
  return "Permissions Violation for Publish to \"" + std::string(subject) + '"';
}

bool Client::may_publish_mapped(std::string_view subject) {
  if (!permissions_ || permissions_->may_publish(subject)) return true;
  refuse_publish(subject);
  return false;
}

void Client::refuse_publish(std::string_view subject) {
  worker_.end_run();
  send_error(publish_violation(subject));
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
