#include "jetstream/config/dead_letter_checks.h"

#include <algorithm>

#include "codec/go_quoted.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

// Whoever may make a consumer may not speak as the server.
constexpr std::string_view kOfTheServer[] = {"$JS.", "$SYS.", "_R_."};

std::unexpected<ApiError> refuse(const std::string& why) {
  return api_failure(ApiErrorCode::kConsumerCreate, {why});
}

bool comes_back(std::string_view subject, const ConsumerConfig& config,
                const StreamConfig& stream) {
  const auto matches = [&](const std::string& pattern) {
    return subject::matches(subject, pattern);
  };
  if (!std::ranges::any_of(stream.subjects, matches)) return false;
  if (!config.filter_subject.empty()) return matches(config.filter_subject);
  return config.filter_subjects.empty() || std::ranges::any_of(config.filter_subjects, matches);
}

}  // namespace

ApiResult<void> check_dead_letters(const ConsumerConfig& config, const StreamConfig& stream) {
  const auto metadata = config.metadata.find(kDeadLetterMetadata);
  if (!config.dead_letter && metadata == config.metadata.end()) return {};
  if (config.dead_letter && metadata != config.metadata.end() &&
      config.dead_letter->subject != metadata->second)
    return refuse(
        "dead_letter.subject and metadata midge.dead_letter.subject name different "
        "subjects");
  const std::string subject(config.dead_letter_subject());
  const std::string shown = "dead letter subject " + codec::go_quoted(subject);
  if (!subject::is_valid_literal(subject))
    return refuse(shown + " is not a subject without wildcards");
  if (std::ranges::any_of(kOfTheServer, [&](auto prefix) { return subject.starts_with(prefix); }))
    return refuse(shown + " is the server's own");
  if (config.ack_policy != AckPolicy::kExplicit && config.ack_policy != AckPolicy::kAll)
    return refuse("dead letters need ack policy explicit or all");
  if (comes_back(subject, config, stream))
    return refuse(shown + " would come back to this consumer");
  return {};
}

}  // namespace midge::jetstream
