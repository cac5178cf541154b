// Why a stream refuses a message.
#include <algorithm>

#include "jetstream/stream/counter.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/message_ttl.h"
#include "jetstream/stream/schedule.h"
#include "jetstream/stream/stream.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr std::size_t kHeaderMax = 64 * 1024 - 1;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(
      text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Two of a counter's increments make the same sum in either order; with these they would not.
bool expects_anything(const IngestHeaders& fields) {
  return !fields.rollup.empty() || !fields.expected_stream.empty() ||
         !fields.expected_last_message_id.empty() || !fields.expected_last_subject.empty() ||
         fields.expected_last_sequence || fields.expected_last_subject_sequence;
}

}  // namespace

Ingest::Refusal Ingest::check_size(const Incoming& incoming) const {
  const std::int64_t max = stream_.config().max_message_size;
  if (max >= 0 && incoming.size() > static_cast<std::uint64_t>(max))
    return api_error(kStreamMessageExceedsMaximum);
  if (incoming.header.size() > kHeaderMax) return api_error(kStreamHeaderExceedsMaximum);
  return std::nullopt;
}

Ingest::Refusal Ingest::check_allowed(const Incoming& incoming) const {
  const StreamConfig& config = stream_.config();
  const IngestHeaders& fields = incoming.fields;
  if (!fields.increment.empty()) {
    if (!normal_integer(fields.increment)) return api_error(kMessageIncrInvalid);
    if (!config.allow_counter) return api_error(kMessageIncrDisabled);
    if (!incoming.payload.empty()) return api_error(kMessageIncrPayload);
    if (expects_anything(fields)) return api_error(kMessageIncrInvalid);
  } else if (config.allow_counter) {
    return api_error(kMessageIncrMissing);
  }
  if (!fields.expected_stream.empty() && fields.expected_stream != config.name)
    return api_error(kStreamNotMatch);
  if (!config.allow_msg_ttl && !fields.ttl.empty() && parse_ttl(fields.ttl))
    return api_error(kMessageTTLDisabled);
  if (!config.allow_schedules && !fields.schedule.empty())
    return api_error(kMessageSchedulesDisabled);
  if (!fields.stream_source.empty()) return api_error(kMessageSourceHdrNotAllowed);
  return std::nullopt;
}

Ingest::Refusal Ingest::check_expectations(const Incoming& incoming, const Ahead& ahead) {
  if (auto refusal = check_expected_sequences(incoming, ahead)) return refusal;
  const std::string_view expected = incoming.fields.expected_last_message_id;
  if (!expected.empty() && expected != last_message_id_)
    return api_error(kStreamWrongLastMsgID, {last_message_id_});
  return std::nullopt;
}

Ingest::Refusal Ingest::check_expected_sequences(const Incoming& incoming, const Ahead& ahead) {
  const IngestHeaders& fields = incoming.fields;
  store::StreamStore& store = stream_.store();
  if (fields.expected_last_subject_sequence) {
    const std::string_view wanted =
        fields.expected_last_subject.empty() ? incoming.subject : fields.expected_last_subject;
    // What its own batch does to the subject has no sequence yet that anybody could expect.
    for (const auto& [subject, times] : ahead.subjects)
      if (subject::matches(subject, wanted)) return api_error(kStreamWrongLastSequenceConstant);
    store::Sequence last;
    if (subject::is_literal(wanted)) {
      last = stream_.last_of(wanted);
    } else if (auto found = store.find_last(store::Filter({std::string(wanted)}));
               found && *found) {
      last = **found;
    }
    if (last.value != *fields.expected_last_subject_sequence)
      return api_error(kStreamWrongLastSequence, {std::to_string(last.value)});
  } else if (!fields.expected_last_subject.empty()) {
    return api_error(kStreamExpectedLastSeqPerSubjectInvalid);
  }
  const std::uint64_t last = store.figures().last.value + ahead.messages;
  if (fields.expected_last_sequence && *fields.expected_last_sequence != last)
    return api_error(kStreamWrongLastSequence, {std::to_string(last)});
  return std::nullopt;
}

Ingest::Refusal Ingest::check_rollup(const Incoming& incoming, const Ahead& ahead) const {
  const StreamConfig& config = stream_.config();
  const std::string_view rollup = incoming.fields.rollup;
  if (rollup.empty()) return std::nullopt;
  if (!config.allow_rollup || config.deny_purge)
    return api_error(kStreamRollupFailed, {"rollup not permitted"});
  if (equals_ignoring_case(rollup, "sub")) {
    if (ahead.subjects.contains(incoming.subject))
      return api_error(kStreamRollupFailed, {"batch rollup sub invalid"});
  } else if (equals_ignoring_case(rollup, "all")) {
    if (ahead.messages > 0) return api_error(kStreamRollupFailed, {"batch rollup all invalid"});
  } else {
    return api_error(kStreamRollupFailed,
                     {"rollup value invalid: \"" + std::string(rollup) + "\""});
  }
  return std::nullopt;
}

Ingest::Refusal Ingest::check_schedule(const Incoming& incoming) const {
  const StreamConfig& config = stream_.config();
  const IngestHeaders& fields = incoming.fields;
  const auto is_ours = [&](std::string_view subject) {
    return subject::is_valid_literal(subject) &&
           std::ranges::any_of(config.subjects, [&](const std::string& pattern) {
             return subject::matches(subject, pattern);
           });
  };
  if (!fields.schedule.empty()) {
    if (!stream_.schedule_of(fields)) {
      const bool zone = !fields.schedule_zone.empty() && !stream_.zone(fields.schedule_zone);
      return api_error(zone ? kMessageSchedulesTimeZoneInvalid : kMessageSchedulesPatternInvalid);
    }
    if (!is_ours(fields.schedule_target) || fields.schedule_target == incoming.subject)
      return api_error(kMessageSchedulesTargetInvalid);
    if (!fields.schedule_ttl.empty() && !parse_ttl(fields.schedule_ttl))
      return api_error(kMessageSchedulesTTLInvalid);
    const bool rolls_up_all = !fields.rollup.empty() && !equals_ignoring_case(fields.rollup, "sub");
    if (rolls_up_all || (!fields.schedule_rollup.empty() && fields.schedule_rollup != "sub"))
      return api_error(kMessageSchedulesRollupInvalid);
    if (!fields.schedule_source.empty() &&
        (!is_ours(fields.schedule_source) || fields.schedule_source == fields.schedule_target ||
         fields.schedule_source == incoming.subject))
      return api_error(kMessageSchedulesSourceInvalid);
    if (!fields.schedule_ttl.empty() && !config.allow_msg_ttl)
      return api_error(kMessageTTLDisabled);
    return std::nullopt;
  }
  if (fields.scheduler.empty() && fields.schedule_next.empty()) return std::nullopt;
  if (fields.schedule_next != "purge" || !subject::is_valid_literal(fields.scheduler) ||
      fields.scheduler == incoming.subject)
    return api_error(kMessageSchedulesSchedulerInvalid);
  if (!config.allow_schedules) return api_error(kMessageSchedulesDisabled);
  return std::nullopt;
}

Ingest::Refusal Ingest::check_limits(const Incoming& incoming, const Ahead& ahead) {
  const StreamConfig& config = stream_.config();
  if (auto refusal = stream_.check_room(
          ahead.bytes + stream_.stored_size(incoming.subject.size(), incoming.size())))
    return refusal;
  if (config.discard != Discard::kNew) return std::nullopt;
  const store::StreamFigures& figures = stream_.store().figures();
  bool subject_full = false;
  if (config.max_messages_per_subject > 0) {
    const store::SubjectState* state = stream_.store().subject(incoming.subject);
    const auto staged = ahead.subjects.find(incoming.subject);
    const std::uint64_t count = (state == nullptr ? 0 : state->count) +
                                (staged == ahead.subjects.end() ? 0 : staged->second);
    subject_full = count >= static_cast<std::uint64_t>(config.max_messages_per_subject);
  }
  // A message that takes the place of another of its subject makes the stream no longer.
  const bool replaces = subject_full && !config.discard_new_per_subject;
  if (subject_full && config.discard_new_per_subject)
    return api_error(kStreamStoreFailed, {"maximum messages per subject exceeded"});
  if (config.max_messages > 0 && !replaces &&
      figures.messages + ahead.messages >= static_cast<std::uint64_t>(config.max_messages))
    return api_error(kStreamStoreFailed, {"maximum messages exceeded"});
  // In a file a header has its length before it.
  const bool has_length = !incoming.header.empty() && config.storage == Storage::kFile;
  const std::uint64_t size = stream_.stored_size(incoming.subject.size(), incoming.size()) +
                             (has_length ? sizeof(std::uint32_t) : 0);
  if (config.max_bytes > 0 && !replaces &&
      figures.bytes + ahead.bytes + size > static_cast<std::uint64_t>(config.max_bytes))
    return api_error(kStreamStoreFailed, {"maximum bytes exceeded"});
  return std::nullopt;
}

}  // namespace midge::jetstream
