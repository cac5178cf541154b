// Messages whose way is told: what the stream says of them.
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

using enum ApiErrorCode;

broker::StreamTrace Ingest::take_traced(const broker::Message& message, WallTime now, bool only) {
  broker::StreamTrace told{stream_.name(), std::string(message.subject), false, ""};
  if (!only && (stream_.is_overloaded() || FastPlace::is_meant(message.reply))) {
    take(message, now);
    return told;
  }
  Incoming incoming = incoming_of(message);
  told.subject = incoming.subject;
  told.no_interest =
      stream_.config().retention == Retention::kInterest && !stream_.is_wanted(incoming.subject);
  const Outcome outcome = only ? judge(incoming, now) : process(incoming, now);
  const bool is_taken = outcome && !outcome->duplicate;
  if (!message.reply.empty() && !stream_.config().no_ack && (!only || !is_taken))
    answer(message.reply, outcome);
  if (is_taken) return told;
  told.error = outcome ? "msgid is duplicate" : trace_text(incoming, outcome.error());
  // What nats-server finds out only when it stores has its subject by then.
  const auto is = [&](ApiErrorCode code) {
    return !outcome && outcome.error().err_code == static_cast<int>(code);
  };
  if (!is(kStreamStoreFailed) && !is(kMessageTTLInvalid)) {
    told.subject.clear();
    told.no_interest = false;
  }
  return told;
}

Ingest::Outcome Ingest::judge(Incoming& incoming, WallTime now) {
  const StreamConfig& config = stream_.config();
  if (config.sealed) return api_failure(kStreamSealed);
  if (auto refusal = check_size(incoming)) return std::unexpected(*refusal);
  if (!incoming.header.empty()) incoming.fields = IngestHeaders::parse(incoming.header);
  if (!incoming.fields.batch_id.empty()) {
    if (!config.allow_atomic) return api_failure(kAtomicPublishDisabled);
    return PublishAck{};
  }
  if (auto settled = settle(incoming, now)) return *std::move(settled);
  if (auto refusal = check_expectations(incoming, {})) return std::unexpected(*refusal);
  if (auto refusal = check_rollup(incoming, {})) return std::unexpected(*refusal);
  if (auto refusal = check_schedule(incoming)) return std::unexpected(*refusal);
  if (config.allow_counter)
    if (auto refusal = count(incoming, {})) return std::unexpected(*refusal);
  return PublishAck{};
}

// As nats-server words it here: mostly the API's text with its number behind it.
std::string Ingest::trace_text(const Incoming& incoming, const ApiError& error) {
  const IngestHeaders& fields = incoming.fields;
  const auto mismatch = [](std::string what, std::uint64_t expected, std::uint64_t last) {
    return what + " mismatch: " + std::to_string(expected) + " vs " + std::to_string(last);
  };
  switch (static_cast<ApiErrorCode>(error.err_code)) {
    case kStreamNotMatch:
    case kStreamRollupFailed:
    case kStreamStoreFailed:
      return error.description;
    case kStreamMessageExceedsMaximum:
      return "maximum payload exceeded";
    case kMessageTTLDisabled:
      return "message TTL disabled";
    case kStreamWrongLastMsgID:
      return "last msgid mismatch: \"" + std::string(fields.expected_last_message_id) + "\" vs \"" +
             last_message_id_ + '"';
    case kStreamWrongLastSequence: {
      const std::string_view text = error.description;
      const auto last = IngestHeaders::number(text.substr(text.rfind(' ') + 1)).value_or(0);
      Incoming other = incoming;
      other.fields.expected_last_sequence.reset();
      if (check_expected_sequences(other, {}))
        return mismatch("last sequence by subject",
                        fields.expected_last_subject_sequence.value_or(IngestHeaders::kNoNumber),
                        last);
      return mismatch("last sequence",
                      fields.expected_last_sequence.value_or(IngestHeaders::kNoNumber), last);
    }
    default:
      return error.description + " (" + std::to_string(error.err_code) + ")";
  }
}

}  // namespace midge::jetstream
