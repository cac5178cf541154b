#include "jetstream/stream/ingest.h"

#include <charconv>
#include <iterator>

#include "codec/json_struct.h"
#include "codec/json_writer.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/message_ttl.h"
#include "jetstream/stream/stored_letter.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr Duration kComplainEvery = seconds(1);

}  // namespace

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
  if (!config.allow_atomic) close_batches();
  if (!config.allow_batched) close_fast_batches();
}

void Ingest::take(const broker::Message& message, WallTime now) {
  if (stream_.is_overloaded()) [[unlikely]]
    return refuse_overload(message.reply);
  Incoming incoming = incoming_of(message);
  if (FastPlace::is_meant(message.reply)) return take_fast(message.reply, std::move(incoming), now);
  const Outcome outcome = process(incoming, now);
  if (!message.reply.empty() && !stream_.config().no_ack) answer(message.reply, outcome);
}

Ingest::Incoming Ingest::incoming_of(const broker::Message& message) {
  std::string_view subject = message.subject;
  if (transform_ && transform_->accepts(subject)) {
    mapped_.clear();
    transform_->apply(subject, stream_.shard().random(), mapped_);
    subject = mapped_;
  }
  return {subject, message.payload.substr(0, message.header_size), message.body(), {}, {}, {}, {}};
}

void Ingest::refuse_overload(std::string_view reply) {
  Shard& shard = stream_.shard();
  if (shard.now() >= complain_again_) {
    complain_again_ = shard.now() + kComplainEvery;
    shard.worker().log().warn("JetStream: publishes to stream \"" + stream_.name() +
                              "\" of account \"" + stream_.account_name() +
                              "\" come faster than they are stored; some are refused");
  }
  if (reply.empty()) return;
  const std::string header = HeaderWriter("429 Too Many Requests").take();
  shard.send_when_durable(
      {{}, stream_.account(), reply, {}, header, error_text(api_error(kStreamTooManyRequests))});
}

std::string Ingest::error_text(const ApiError& error) const {
  codec::JsonWriter json;
  json.begin_object().key("error");
  codec::JsonStructWriter(json).write(error);
  return json.field("stream", stream_.name()).field("seq", 0).end_object().take();
}

Ingest::Outcome Ingest::process(Incoming& incoming, WallTime now) {
  if (stream_.config().sealed) return api_failure(kStreamSealed);
  if (auto refusal = check_size(incoming)) return std::unexpected(*refusal);
  if (!incoming.header.empty()) incoming.fields = IngestHeaders::parse(incoming.header);
  if (!incoming.fields.batch_id.empty()) {
    if (auto refusal = stream_.memory_refusal()) return std::unexpected(*refusal);
    return stage(incoming, now);
  }
  return take_in(incoming, now);
}

Ingest::Outcome Ingest::take_in(Incoming& incoming, WallTime now) {
  if (auto settled = settle(incoming, now)) return *std::move(settled);
  if (auto refusal = prepare(incoming, {})) return std::unexpected(*refusal);
  const Stored stored = store(incoming, now);
  republish(incoming, stored, now);
  return PublishAck{.sequence = stored.sequence, .value = std::move(incoming.value)};
}

std::optional<Ingest::Outcome> Ingest::settle(const Incoming& incoming, WallTime now) {
  if (auto refusal = check_allowed(incoming)) return std::unexpected(*refusal);
  if (const std::string_view id = incoming.fields.message_id; !id.empty()) {
    // As nats-server: these outweigh that it was seen before.
    if (auto refusal = check_expected_sequences(incoming, {})) return std::unexpected(*refusal);
    if (auto refusal = check_schedule(incoming)) return std::unexpected(*refusal);
    stream_.forget_old_ids();
    if (const auto seen = stream_.dedupe().find(id))
      return PublishAck{.sequence = *seen, .duplicate = true};
    if (const auto stored = find_stored_letter(stream_, id, incoming.subject, now))
      return PublishAck{.sequence = *stored, .duplicate = true};
  }
  return std::nullopt;
}

Ingest::Refusal Ingest::prepare(Incoming& incoming, const Ahead& ahead) {
  const bool has_header = !incoming.header.empty();
  if (has_header)
    if (auto refusal = check_header(incoming, ahead)) return refusal;
  if (auto refusal = check_limits(incoming, ahead)) return refusal;
  if (stream_.config().allow_counter)
    if (auto refusal = count(incoming, ahead)) return refusal;
  if (has_header) add_headers(incoming);
  return std::nullopt;
}

Ingest::Refusal Ingest::check_header(const Incoming& incoming, const Ahead& ahead) {
  const IngestHeaders& fields = incoming.fields;
  if (auto refusal = check_expectations(incoming, ahead)) return refusal;
  if (auto refusal = check_rollup(incoming, ahead)) return refusal;
  if (!fields.ttl.empty() && !parse_ttl(fields.ttl)) return api_error(kMessageTTLInvalid);
  return check_schedule(incoming);
}

void Ingest::add_headers(Incoming& incoming) const {
  const IngestHeaders& fields = incoming.fields;
  const Duration marker_ttl = stream_.config().subject_delete_marker_ttl;
  // What went before its marker would be gone could not be told from what never was.
  if (const auto ttl = fields.ttl.empty() ? std::nullopt : parse_ttl(fields.ttl);
      ttl && ttl->ns > 0 && *ttl < marker_ttl) {
    incoming.made_header = with_header(incoming.stored_header(), "Nats-TTL",
                                       std::to_string(marker_ttl.ns / seconds(1).ns));
  }
  if (!fields.schedule.empty() && fields.rollup.empty())
    incoming.made_header = with_header(incoming.stored_header(), "Nats-Rollup", "sub");
}

void Ingest::take_produced(std::string_view subject, std::string_view header,
                           std::string_view payload, WallTime now) {
  const Incoming incoming{subject, header, payload, IngestHeaders::parse(header), {}, {}, {}};
  republish(incoming, store(incoming, now), now);
}

Ingest::Stored Ingest::store(const Incoming& incoming, WallTime now) {
  const StreamConfig& config = stream_.config();
  const IngestHeaders& fields = incoming.fields;
  if (config.retention == Retention::kInterest && !stream_.is_wanted(incoming.subject)) {
    // Nobody wants it: it has a sequence and is gone.
    stream_.store().skip_to(stream_.store().figures().last + 2, now);
    stream_.shard().touched(stream_);
    remember_id(fields, stream_.store().figures().last);
    return {stream_.store().figures().last, {}};
  }
  const store::Sequence before = republish_ ? stream_.last_of(incoming.subject) : store::Sequence{};
  const store::Sequence sequence = stream_.store_message(
      {incoming.subject, incoming.stored_header(), incoming.stored_payload(), now});
  remember_id(fields, sequence);
  roll_up(incoming, sequence);
  return {sequence, before};
}

void Ingest::remember_id(const IngestHeaders& fields, store::Sequence sequence) {
  if (!fields.message_id.empty() && stream_.config().duplicate_window.ns > 0)
    stream_.dedupe().add(fields.message_id, sequence, stream_.shard().clock().steady());
  last_message_id_ = fields.message_id;
}

void Ingest::roll_up(const Incoming& incoming, store::Sequence sequence) {
  const IngestHeaders& fields = incoming.fields;
  const auto only_last = [&](std::string_view subject, std::uint64_t keep) {
    stream_.purge(store::Filter({std::string(subject)}), 0, keep);
  };
  // Schedules replace each other; a rollup's value was checked.
  if (!fields.schedule.empty() || fields.rollup.size() == 3) {
    const bool all =
        fields.schedule.empty() && (fields.rollup[0] == 'a' || fields.rollup[0] == 'A');
    all ? (void)stream_.purge({}, sequence.value, 0) : only_last(incoming.subject, 1);
  }
  if (fields.schedule_next == "purge" && stream_.config().allow_schedules)
    only_last(fields.scheduler, 0);
}

void Ingest::answer(std::string_view reply, const Outcome& outcome) {
  std::string& payload = answer_;
  payload.clear();
  if (!outcome) {
    payload = error_text(outcome.error());
  } else if (!outcome->is_staged) {
    const PublishAck& ack = *outcome;
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), ack.sequence.value).ptr;
    payload.append(ack_start_).append(digits, end);
    if (ack.duplicate) payload.append(",\"duplicate\": true");
    if (!ack.value.empty()) payload.append(",\"val\":\"").append(ack.value).append("\"");
    if (!ack.batch.empty())
      payload.append(",\"batch\":" + codec::JsonWriter().value(ack.batch).take())
          .append(",\"count\":" + std::to_string(ack.batch_count));
    payload.append("}");
  }
  say(reply, payload, outcome || outcome.error() != stream_.write_refusal());
}

void Ingest::say(std::string_view reply, std::string_view payload, bool waits) {
  EffectView effect{{}, stream_.account(), reply, {}, {}, payload};
  if (waits) effect.after = stream_.message_mark();
  stream_.shard().send_when_durable(effect);
}

void Ingest::republish(const Incoming& incoming, Stored stored, WallTime now) {
  if (!republish_ || !republish_->accepts(incoming.subject)) return;
  const bool headers_only = stream_.config().republish->headers_only;
  const std::string_view payload = incoming.stored_payload();
  std::string to;
  republish_->apply(incoming.subject, stream_.shard().random(), to);
  HeaderWriter header = HeaderWriter::after(incoming.stored_header());
  header.field("Nats-Stream", stream_.name()).field("Nats-Subject", incoming.subject);
  header.field("Nats-Sequence", stored.sequence.value);
  header.field("Nats-Time-Stamp", codec::rfc3339_nano(now));
  header.field("Nats-Last-Sequence", stored.before.value);
  if (headers_only) header.field("Nats-Msg-Size", payload.size());
  const std::string text = header.take();
  stream_.shard().send_when_durable({stream_.message_mark(),
                                     stream_.account(),
                                     to,
                                     {},
                                     text,
                                     headers_only ? std::string_view() : payload});
}

}  // namespace midge::jetstream
