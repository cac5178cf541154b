#include "jetstream/stream/ingest.h"

#include <charconv>

#include "codec/json_writer.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr std::size_t kHeaderMax = 64 * 1024;
constexpr std::size_t kMessageIdMax = 256;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

IngestHeaders IngestHeaders::parse(std::string_view block) {
  IngestHeaders h;
  for_each_header(block, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with("Nats-")) return;
    const std::string_view rest = name.substr(5);
    const auto take = [&](std::string_view& into) {
      if (into.data() == nullptr) into = value.data() == nullptr ? std::string_view("") : value;
      h.any = true;
    };
    if (rest == "Msg-Id") take(h.message_id);
    else if (rest == "Expected-Stream") take(h.expected_stream);
    else if (rest == "Expected-Last-Msg-Id") take(h.expected_last_message_id);
    else if (rest == "Expected-Last-Sequence") h.expected_last_sequence = number(value), h.any = true;
    else if (rest == "Expected-Last-Subject-Sequence")
      h.expected_last_subject_sequence = number(value), h.any = true;
    else if (rest == "Expected-Last-Subject-Sequence-Subject") take(h.expected_last_subject);
    else if (rest == "Rollup") take(h.rollup);
    else if (rest == "TTL") take(h.ttl);
    else if (rest == "Batch-Id") take(h.batch_id);
    else if (rest == "Batch-Sequence") take(h.batch_sequence);
    else if (rest == "Batch-Commit") take(h.batch_commit);
    else if (rest == "Incr") take(h.increment);
    else if (rest == "Schedule") take(h.schedule);
    else if (rest == "Stream-Source") take(h.stream_source);
    else if (rest == "Required-Api-Level") take(h.required_api_level);
  });
  return h;
}

void Ingest::configure() {
  const StreamConfig& config = stream_.config();
  using subject::Transform;
  transform_.reset();
  republish_.reset();
  // Both were checked with the configuration.
  if (config.transform) {
    if (auto compiled = Transform::compile(config.transform->source, config.transform->destination,
                                           Transform::Use::kMapping))
      transform_ = std::move(*compiled);
  }
  if (config.republish) {
    if (auto compiled = Transform::compile(config.republish->source, config.republish->destination,
                                           Transform::Use::kMapping))
      republish_ = std::move(*compiled);
  }
  codec::JsonWriter json;
  json.begin_object().field("stream", config.name);
  const std::string& domain = stream_.shard().jetstream().domain();
  if (!domain.empty()) json.field("domain", domain);
  ack_start_ = json.take() + ",\"seq\":";
}

void Ingest::take(const broker::Message& message, WallTime now) {
  std::string_view subject = message.subject;
  if (transform_ && transform_->accepts(subject)) {
    mapped_.clear();
    transform_->apply(subject, stream_.shard().random(), mapped_);
    subject = mapped_;
  }
  const Outcome outcome = process(subject, message, now);
  if (!message.reply.empty() && !stream_.config().no_ack) answer(message.reply, outcome);
}

Ingest::Outcome Ingest::process(std::string_view subject, const broker::Message& message,
                                WallTime now) {
  const StreamConfig& config = stream_.config();
  if (config.sealed) return api_failure(kStreamSealed);
  const std::string_view header = message.payload.substr(0, message.header_size);
  IngestHeaders headers;
  if (!header.empty()) {
    if (header.size() > kHeaderMax) return api_failure(kStreamHeaderExceedsMaximum);
    headers = IngestHeaders::parse(header);
  }
  if (headers.any) {
    if (!headers.message_id.empty()) {
      stream_.dedupe().expire({now.ns - config.duplicate_window.ns});
      if (const auto seen = stream_.dedupe().find(headers.message_id))
        return PublishAck{.sequence = *seen, .duplicate = true};
    }
    if (auto error = check_expectations(headers, subject)) return std::unexpected(*error);
  }
  if (auto error = check_limits(subject, message.payload.size())) return std::unexpected(*error);
  if (config.retention == Retention::kInterest && !stream_.is_wanted(subject)) {
    // Nobody wants it: it has a sequence and is gone.
    stream_.store().skip_to(stream_.store().figures().last + 2);
    stream_.shard().touched(stream_);
    return PublishAck{.sequence = stream_.store().figures().last};
  }
  const store::Sequence before = stream_.last_of(subject);
  const store::Sequence sequence =
      stream_.store_message({subject, header, message.body(), now});
  if (!headers.message_id.empty() && config.duplicate_window.ns > 0)
    stream_.dedupe().add(headers.message_id, sequence, now);
  last_message_id_ = headers.message_id;
  if (headers.rollup == "sub") {
    stream_.purge(store::Filter({std::string(subject)}), 0, 1);
  } else if (headers.rollup == "all") {
    stream_.purge({}, sequence.value, 0);
  }
  if (republish_ && republish_->accepts(subject))
    republish(sequence, before, subject, message, now);
  return PublishAck{.sequence = sequence};
}

std::optional<ApiError> Ingest::check_expectations(const IngestHeaders& headers,
                                                   std::string_view subject) {
  const StreamConfig& config = stream_.config();
  store::StreamStore& store = stream_.store();
  if (headers.expected_stream.data() != nullptr && headers.expected_stream != config.name)
    return api_error(kStreamNotMatch);
  if (headers.message_id.size() > kMessageIdMax) return api_error(kBadRequest);
  if (headers.expected_last_subject_sequence) {
    const bool other = !headers.expected_last_subject.empty();
    const std::string_view wanted = other ? headers.expected_last_subject : subject;
    store::Sequence last;
    if (subject::is_literal(wanted)) {
      last = stream_.last_of(wanted);
    } else if (auto found = store.find_last(store::Filter({std::string(wanted)}));
               found && *found) {
      last = **found;
    }
    if (last.value != *headers.expected_last_subject_sequence)
      return api_error(kStreamWrongLastSequence, {std::to_string(last.value)});
  }
  if (headers.expected_last_sequence &&
      *headers.expected_last_sequence != store.figures().last.value)
    return api_error(kStreamWrongLastSequence, {std::to_string(store.figures().last.value)});
  if (headers.expected_last_message_id.data() != nullptr &&
      headers.expected_last_message_id != last_message_id_)
    return api_error(kStreamWrongLastMsgID, {last_message_id_});
  if (headers.rollup.data() != nullptr) {
    if (!config.allow_rollup || config.deny_purge)
      return api_error(kStreamRollupFailed, {"rollup not permitted"});
    if (headers.rollup != "sub" && headers.rollup != "all")
      return api_error(kStreamRollupFailed, {"rollup value invalid: \"" +
                                             std::string(headers.rollup) + "\""});
  }
  return std::nullopt;
}

std::optional<ApiError> Ingest::check_limits(std::string_view subject, std::size_t size) {
  const StreamConfig& config = stream_.config();
  if (config.max_message_size >= 0 &&
      size > static_cast<std::uint64_t>(config.max_message_size))
    return api_error(kStreamMessageExceedsMaximum);
  if (config.discard != Discard::kNew) return std::nullopt;
  const store::StreamFigures& figures = stream_.store().figures();
  const store::SubjectState* state =
      config.max_messages_per_subject > 0 ? stream_.store().subject(subject) : nullptr;
  const bool subject_full =
      state != nullptr &&
      state->count >= static_cast<std::uint64_t>(config.max_messages_per_subject);
  // A message that takes the place of another of its subject makes the stream no longer.
  const bool replaces = subject_full && !config.discard_new_per_subject;
  if (subject_full && config.discard_new_per_subject)
    return api_error(kStreamStoreFailed, {"maximum messages per subject exceeded"});
  if (config.max_messages > 0 && !replaces &&
      figures.messages >= static_cast<std::uint64_t>(config.max_messages))
    return api_error(kStreamStoreFailed, {"maximum messages exceeded"});
  if (config.max_bytes > 0 && !replaces &&
      figures.bytes + stream_.stored_size(subject.size(), size) >
          static_cast<std::uint64_t>(config.max_bytes))
    return api_error(kStreamStoreFailed, {"maximum bytes exceeded"});
  return std::nullopt;
}

void Ingest::answer(std::string_view reply, const Outcome& outcome) {
  Effect effect;
  effect.account = stream_.account();
  effect.to = reply;
  effect.after = stream_.durable_mark();
  if (outcome) {
    if (!*outcome) return;
    const PublishAck& ack = **outcome;
    effect.payload.reserve(ack_start_.size() + 24);
    effect.payload.append(ack_start_).append(std::to_string(ack.sequence.value));
    if (ack.duplicate) effect.payload.append(",\"duplicate\": true");
    if (!ack.value.empty()) effect.payload.append(",\"val\":\"").append(ack.value).append("\"");
    if (!ack.batch.empty())
      effect.payload.append(",\"batch\":\"" + ack.batch + "\",\"count\":" +
                            std::to_string(ack.batch_count));
    effect.payload.append("}");
  } else {
    codec::JsonWriter json;
    json.begin_object().key("error");
    codec::JsonStructWriter(json).write(outcome.error());
    json.field("stream", stream_.name()).field("seq", 0).end_object();
    effect.payload = json.take();
  }
  stream_.shard().send_when_durable(std::move(effect));
}

void Ingest::republish(store::Sequence sequence, store::Sequence before, std::string_view subject,
                       const broker::Message& message, WallTime now) {
  Effect effect;
  effect.account = stream_.account();
  republish_->apply(subject, stream_.shard().random(), effect.to);
  HeaderWriter header = HeaderWriter::after(message.payload.substr(0, message.header_size));
  header.field("Nats-Stream", stream_.name()).field("Nats-Subject", subject);
  header.field("Nats-Sequence", sequence.value);
  header.field("Nats-Time-Stamp", codec::rfc3339_nano(now));
  header.field("Nats-Last-Sequence", before.value);
  if (stream_.config().republish->headers_only)
    header.field("Nats-Msg-Size", message.body().size());
  effect.payload = header.take();
  effect.header_size = static_cast<std::uint32_t>(effect.payload.size());
  if (!stream_.config().republish->headers_only) effect.payload.append(message.body());
  effect.after = stream_.durable_mark();
  stream_.shard().send_when_durable(std::move(effect));
}

}  // namespace midge::jetstream
