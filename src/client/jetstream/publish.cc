#include "client/jetstream/publish.h"

#include <charconv>
#include <memory>
#include <utility>

#include "client/jetstream/context.h"
#include "client/patience.h"

namespace midge {
namespace detail {
namespace {

void add_text(Headers& headers, std::string_view name, const std::string& value) {
  if (!value.empty()) headers.set(name, value);
}

void add_number(Headers& headers, std::string_view name, std::optional<std::uint64_t> value) {
  if (value) headers.set(name, std::to_string(*value));
}

Result<void> add_ttl(Headers& headers, std::string_view name, Timeout ttl) {
  if (ttl == Timeout::zero()) return {};
  ASSIGN_OR_RETURN(const std::string text, ttl_text(ttl));
  headers.set(name, text);
  return {};
}

}  // namespace

Result<std::string> ttl_text(Timeout ttl) {
  if (ttl.count() < 0) return std::string("never");
  constexpr std::int64_t kSecond = seconds(1).ns;
  if (ttl.count() % kSecond != 0)
    return failure("a message's time to live is of whole seconds", ErrorCode::kInvalid);
  return std::to_string(ttl.count() / kSecond) + "s";
}

Result<Headers> headers_of(const PublishOptions& options) {
  Headers headers = options.headers;
  add_text(headers, "Nats-Msg-Id", options.message_id);
  add_text(headers, "Nats-Expected-Stream", options.expected_stream);
  add_number(headers, "Nats-Expected-Last-Sequence", options.expected_last_sequence);
  add_number(headers, "Nats-Expected-Last-Subject-Sequence",
             options.expected_last_subject_sequence);
  add_text(headers, "Nats-Expected-Last-Subject-Sequence-Subject", options.expected_last_subject);
  add_text(headers, "Nats-Expected-Last-Msg-Id", options.expected_last_message_id);
  TRY(add_ttl(headers, "Nats-TTL", options.ttl));
  add_text(headers, "Nats-Schedule", options.schedule);
  add_text(headers, "Nats-Schedule-Target", options.schedule_target);
  add_text(headers, "Nats-Schedule-Source", options.schedule_source);
  add_text(headers, "Nats-Schedule-Time-Zone", options.schedule_time_zone);
  TRY(add_ttl(headers, "Nats-Schedule-TTL", options.schedule_ttl));
  add_text(headers, "Nats-Incr", options.counter_increment);
  if (options.rollup != Rollup::kNone)
    headers.set("Nats-Rollup", options.rollup == Rollup::kAll ? "all" : "sub");
  return headers;
}

}  // namespace detail

template <class Visitor>
void describe(Visitor& v, PubAck& ack) {
  v.field("stream", ack.stream).field("domain", ack.domain).field("seq", ack.sequence);
  v.field("duplicate", ack.duplicate).field("val", ack.value).field("batch", ack.batch_id);
  v.field("count", ack.batch_size);
}

namespace {

// The usual answer, `{"stream":"S","seq":1}`: no tree is built for each message. False: another.
bool read_plain_ack(std::string_view json, PubAck& ack) {
  const auto take = [&json](std::string_view text) {
    while (json.starts_with(' ')) json.remove_prefix(1);
    if (!json.starts_with(text)) return false;
    json.remove_prefix(text.size());
    return true;
  };
  if (!take("{") || !take("\"stream\":") || !take("\"")) return false;
  const std::size_t end = json.find_first_of("\"\\");
  if (end == 0 || end == std::string_view::npos || json[end] != '"') return false;
  ack.stream = json.substr(0, end);
  json.remove_prefix(end + 1);
  if (!take(",") || !take("\"seq\":") || !take("")) return false;
  const auto [at, error] = std::from_chars(json.data(), json.data() + json.size(), ack.sequence);
  if (error != std::errc()) return false;
  json.remove_prefix(static_cast<std::size_t>(at - json.data()));
  return take("}") && json.empty();
}

}  // namespace

Result<PubAck> detail::read_pub_ack(std::string_view json) {
  if (PubAck ack; read_plain_ack(json, ack)) return ack;
  ASSIGN_OR_RETURN(const codec::JsonValue answer, read_api_answer(json));
  PubAck ack;
  TRY(codec::read_json_struct(answer, ack, false));
  if (ack.stream.empty()) return Error("the answer is not a stream's", ErrorCode::kOther);
  return ack;
}

namespace {

using detail::Connection;
using detail::JetStreamContext;

// One message on its way, until its answer is here.
struct Publish {
  std::shared_ptr<JetStreamContext> context;
  std::string subject, data;  // kept for another attempt
  Headers headers;
  JetStream::OnPubAck done;
  int retries = 0;
  Duration retry_wait{};

  void finish(Result<PubAck> result) {
    // Who waits for the end sees that `done` was called.
    if (done) done(std::move(result));
    context->leave_window();
  }
};

Result<void> send(const std::shared_ptr<Publish>& publish);

void on_answer(const std::shared_ptr<Publish>& publish, Result<Message> answer) {
  if (answer) return publish->finish(detail::read_pub_ack(answer->data()));
  if (answer.error().code() != ErrorCode::kNoResponders || publish->retries == 0)
    return publish->finish(std::move(answer).error());
  --publish->retries;
  publish->context->connection()->after(publish->retry_wait, [publish] {
    if (auto sent = send(publish); !sent) publish->finish(std::move(sent).error());
  });
}

Result<void> send(const std::shared_ptr<Publish>& publish) {
  JetStreamContext& context = *publish->context;
  auto answered = [publish](Result<Message> answer) { on_answer(publish, std::move(answer)); };
  if (!context.connection()) return failure("not connected", ErrorCode::kClosed);
  // Once the connection is lost its answer does not come any more.
  return context.connection()->request_async(
      publish->subject, publish->headers.empty() ? nullptr : &publish->headers, publish->data,
      std::move(answered), context.options().timeout, Connection::EndsWith::kLink);
}

// Errors: `deadline` is over.
Result<void> pause(Timeout length, const Deadline& deadline) {
  io::Monitor nobody_tells;
  detail::Patience patience(nobody_tells, {std::min(length, deadline.timeout), deadline.stop});
  io::Monitor::Lock lock(nobody_tells);
  while (patience.wait(lock)) {
  }
  if (deadline.stop.stop_requested() || length > deadline.timeout) return patience.error();
  return {};
}

}  // namespace

Result<PubAck> JetStream::publish(std::string_view subject, std::string_view data,
                                  PublishOptions options, Deadline deadline) const {
  ASSIGN_OR_RETURN(const Headers headers, detail::headers_of(options));
  const MonoTime end = io::Monitor::now() + detail::duration_of(deadline.timeout);
  for (int attempt = 0;; ++attempt) {
    auto answer = headers.empty() ? context_->client().request(subject, data, deadline)
                                  : context_->client().request(subject, headers, data, deadline);
    if (answer) return detail::read_pub_ack(answer->data());
    if (answer.error().code() != ErrorCode::kNoResponders || attempt >= options.retries)
      return std::move(answer).error();
    deadline.timeout = Timeout((end - io::Monitor::now()).ns);
    if (!pause(options.retry_wait, deadline)) return std::move(answer).error();
    deadline.timeout = Timeout((end - io::Monitor::now()).ns);
  }
}

Result<void> JetStream::publish_async(std::string_view subject, std::string_view data,
                                      OnPubAck done, PublishOptions options,
                                      Deadline deadline) const {
  ASSIGN_OR_RETURN(Headers headers, detail::headers_of(options));
  TRY(context_->enter_window(deadline));
  auto publish =
      std::make_shared<Publish>(Publish{.context = context_,
                                        .subject = std::string(subject),
                                        .data = std::string(data),
                                        .headers = std::move(headers),
                                        .done = std::move(done),
                                        .retries = options.retries,
                                        .retry_wait = detail::duration_of(options.retry_wait)});
  auto sent = send(publish);
  if (!sent) context_->leave_window();
  return sent;
}

Result<void> JetStream::publish_complete(Deadline deadline) const {
  return context_->await_empty_window(deadline);
}

std::size_t JetStream::publish_pending() const { return context_->window_size(); }

}  // namespace midge
