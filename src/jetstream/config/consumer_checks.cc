#include "jetstream/config/consumer_checks.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "codec/go_duration.h"
#include "codec/go_quoted.h"
#include "jetstream/config/dead_letter_checks.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kDescriptionMax = 4096;
constexpr std::size_t kMetadataMax = 128 * 1024;
constexpr std::size_t kGroupNameMax = 16;
constexpr std::int64_t kMaxWaitingDefault = 512;
constexpr std::int64_t kMaxAckPendingDefault = 1000;
constexpr Duration kAckWaitDefault = seconds(30);
constexpr Duration kInactiveDefault = seconds(5);
constexpr Duration kPinnedDefault = minutes(2);
constexpr Duration kHeartbeatMin = milliseconds(100);

using Checked = ApiResult<void>;

// One rule, in the order nats-server looks at them.
struct Rule {
  bool (*violated)(const ConsumerConfig&);
  ApiErrorCode code;
  const char* text = nullptr;
};

bool tracks(const ConsumerConfig& c) {
  return c.ack_policy == AckPolicy::kExplicit || c.ack_policy == AckPolicy::kAll;
}
bool by_flow(const ConsumerConfig& c) { return c.ack_policy == AckPolicy::kFlowControl; }
std::size_t metadata_size(const ConsumerConfig& c) {
  std::size_t size = 0;
  for (const auto& [key, value] : c.metadata) size += key.size() + value.size();
  return size;
}

constexpr Rule kRules[] = {
    {[](const ConsumerConfig& c) { return c.description.size() > kDescriptionMax; },
     kConsumerDescriptionTooLong, "4096"},
    {[](const ConsumerConfig& c) { return metadata_size(c) > kMetadataMax; },
     kConsumerMetadataLength, "128KB"},
    {[](const ConsumerConfig& c) { return c.ack_wait.ns < 0; }, kConsumerAckWaitNegative},
    {[](const ConsumerConfig& c) {
       return std::ranges::any_of(c.backoff, [](Duration d) { return d.ns < 0; });
     },
     kConsumerBackOffNegative},
    {[](const ConsumerConfig& c) { return c.replicas < 0; }, kReplicasCountCannotBeNegative},
    {[](const ConsumerConfig& c) { return c.replicas > 1; }, kStreamReplicasNotSupported},
    {[](const ConsumerConfig& c) { return by_flow(c) && !c.is_push(); },
     kConsumerAckFCRequiresPush},
    {[](const ConsumerConfig& c) { return by_flow(c) && c.max_ack_pending < 0; },
     kConsumerAckFCRequiresMaxAckPending},
    {[](const ConsumerConfig& c) { return by_flow(c) && c.ack_wait.ns > 0; },
     kConsumerAckFCRequiresNoAckWait},
    {[](const ConsumerConfig& c) { return by_flow(c) && c.max_deliver > 0; },
     kConsumerAckFCRequiresNoMaxDeliver},
    {[](const ConsumerConfig& c) { return c.is_push() && c.max_waiting != 0; },
     kConsumerPushMaxWaiting},
    {[](const ConsumerConfig& c) {
       return c.is_push() && c.priority_policy != PriorityPolicy::kNone;
     },
     kConsumerPushWithPriorityGroup},
    {[](const ConsumerConfig& c) { return c.is_push() && !subject::is_valid(c.deliver_subject); },
     kConsumerInvalidDeliverSubject},
    {[](const ConsumerConfig& c) { return c.is_push() && !subject::is_literal(c.deliver_subject); },
     kConsumerDeliverToWildcards},
    {[](const ConsumerConfig& c) {
       return c.is_push() && c.max_ack_pending > 0 && c.ack_policy == AckPolicy::kNone;
     },
     kConsumerMaxPendingAckPolicyRequired},
    {[](const ConsumerConfig& c) {
       return c.is_push() && c.idle_heartbeat.ns > 0 && c.idle_heartbeat < kHeartbeatMin;
     },
     kConsumerSmallHeartbeat},
    {[](const ConsumerConfig& c) {
       return c.is_push() && c.flow_control && c.idle_heartbeat.ns == 0;
     },
     kConsumerWithFlowControlNeedsHeartbeats},
    {[](const ConsumerConfig& c) { return !c.is_push() && c.rate_limit_bps > 0; },
     kConsumerPullWithRateLimit},
    {[](const ConsumerConfig& c) { return !c.is_push() && c.idle_heartbeat.ns > 0; },
     kConsumerHBRequiresPush},
    {[](const ConsumerConfig& c) { return !c.is_push() && c.flow_control; },
     kConsumerFCRequiresPush},
    {[](const ConsumerConfig& c) {
       return !c.is_push() && c.max_expires.ns > 0 && c.max_expires < milliseconds(1);
     },
     kConsumerMaxRequestExpiresTooSmall},
    {[](const ConsumerConfig& c) { return c.direct && !c.is_push(); }, kConsumerDirectRequiresPush},
    {[](const ConsumerConfig& c) { return c.direct && c.is_durable(); },
     kConsumerDirectRequiresEphemeral},
    {[](const ConsumerConfig& c) {
       return !c.backoff.empty() && c.max_deliver > 0 &&
              static_cast<std::size_t>(c.max_deliver) < c.backoff.size();
     },
     kConsumerMaxDeliverBackoff},
    {[](const ConsumerConfig& c) {
       return !c.filter_subject.empty() && !c.filter_subjects.empty();
     },
     kConsumerDuplicateFilterSubjects},
    {[](const ConsumerConfig& c) { return std::ranges::count(c.filter_subjects, "") > 0; },
     kConsumerEmptyFilter},
    {[](const ConsumerConfig& c) {
       return c.priority_policy == PriorityPolicy::kNone && !c.priority_groups.empty();
     },
     kConsumerPriorityGroupWithPolicyNone},
    {[](const ConsumerConfig& c) {
       return c.priority_policy == PriorityPolicy::kNone && c.priority_timeout.ns != 0;
     },
     kConsumerPinnedTTLWithoutPriorityPolicyNone},
    {[](const ConsumerConfig& c) {
       return c.priority_policy != PriorityPolicy::kNone && c.priority_groups.empty();
     },
     kConsumerPriorityPolicyWithoutGroup},
    {[](const ConsumerConfig& c) { return std::ranges::count(c.priority_groups, "") > 0; },
     kConsumerEmptyGroupName},
};

Checked check_rules(const ConsumerConfig& config) {
  for (const Rule& rule : kRules) {
    if (!rule.violated(config)) continue;
    if (rule.text == nullptr) return api_failure(rule.code);
    return api_failure(rule.code, {rule.text});
  }
  return {};
}

Checked check_name(const std::string& name) {
  if (name.find_first_of("/\\") != std::string::npos)
    return api_failure(kConsumerNameContainsPathSeparators);
  if (name.find_first_of(" \t\r\n\f.*>") != std::string::npos)
    return api_failure(kStreamInvalidConfig,
                       {"consumer name can not contain '.', '*', '>', '\\', '/'"});
  if (name.size() > kNameMax) return api_failure(kConsumerNameTooLong, {"255"});
  return {};
}

// By policy: what it is called, and which of the starting points it must, may not have.
Checked check_policy(const ConsumerConfig& c) {
  static constexpr const char* kNames[] = {
      "all", "last", "new", "by start sequence", "by start time", "last per subject"};
  const std::string policy = std::string("consumer delivery policy is deliver ") +
                             kNames[static_cast<unsigned>(c.deliver_policy)] + ", but optional ";
  const auto refuse = [&](const char* what) -> Checked {
    return api_failure(kConsumerInvalidPolicy, {policy + what});
  };
  const bool by_sequence = c.deliver_policy == DeliverPolicy::kByStartSequence;
  const bool by_time = c.deliver_policy == DeliverPolicy::kByStartTime;
  if (by_sequence && c.start_sequence == 0) return refuse("start sequence is not set");
  if (by_time && !c.start_time) return refuse("start time is not set");
  if (!by_sequence && c.start_sequence > 0) return refuse("start sequence is also set");
  if (!by_time && c.start_time) return refuse("start time is also set");
  if (c.deliver_policy == DeliverPolicy::kLastPerSubject && c.filter_subject.empty() &&
      c.filter_subjects.empty())
    return refuse("filter subject is not set");
  return {};
}

Checked check_filters(const ConsumerConfig& c) {
  if (!c.filter_subject.empty() && !subject::is_valid(c.filter_subject))
    return api_failure(kStreamInvalidConfig, {"invalid subject"});
  for (std::size_t i = 0; i < c.filter_subjects.size(); ++i) {
    if (!subject::is_valid(c.filter_subjects[i]))
      return api_failure(kStreamInvalidConfig, {"invalid subject"});
    for (std::size_t j = 0; j < i; ++j)
      if (subject::overlaps(c.filter_subjects[i], c.filter_subjects[j]))
        return api_failure(kConsumerOverlappingSubjectFilters);
  }
  return {};
}

Checked check_sampling(const std::string& text) {
  if (text.empty()) return {};
  std::string_view digits = text;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  int percent = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
  if (status != std::errc() || end != digits.data() + digits.size() || digits.empty())
    return api_failure(kConsumerInvalidSampling,
                       {"strconv.Atoi: parsing " + codec::go_quoted(digits) + ": invalid syntax"});
  // nats-server has no words of its own for this.
  if (percent < 0) return api_failure(kConsumerInvalidSampling, {"<nil>"});
  return {};
}

bool is_group_name(const std::string& name) {
  if (name.empty()) return true;  // refused in other words
  const auto may_be = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/' || c == '=';
  };
  return name.size() <= kGroupNameMax && std::ranges::all_of(name, may_be);
}

Checked check_groups(const ConsumerConfig& c) {
  for (const std::string& name : c.priority_groups)
    if (!is_group_name(name)) return api_failure(kConsumerInvalidGroupName);
  return {};
}

// Against the stream it is for.
Checked check_for_stream(const ConsumerConfig& c, const StreamConfig& stream) {
  if (c.is_push()) {
    const auto captures = [&](const std::string& own) {
      return subject::matches(c.deliver_subject, own);
    };
    if (std::ranges::any_of(stream.subjects, captures)) return api_failure(kConsumerDeliverCycle);
  }
  if (stream.retention == Retention::kWorkQueue && !c.direct) {
    if (!c.is_push() && c.ack_policy == AckPolicy::kNone)
      return api_failure(kConsumerPullRequiresAck);
    if (c.ack_policy != AckPolicy::kExplicit && !by_flow(c))
      return api_failure(kConsumerWQRequiresExplicitAck);
    if (c.deliver_policy != DeliverPolicy::kAll)
      return api_failure(kConsumerWQConsumerNotDeliverAll);
  }
  const ConsumerLimitsConfig& limits = stream.consumer_limits;
  if (limits.max_ack_pending > 0 && c.max_ack_pending > limits.max_ack_pending)
    return api_failure(kConsumerMaxPendingAckExcess, {std::to_string(limits.max_ack_pending)});
  if (limits.inactive_threshold.ns > 0 && c.inactive_threshold > limits.inactive_threshold)
    return api_failure(kConsumerInactiveThresholdExcess,
                       {codec::go_duration(limits.inactive_threshold)});
  return {};
}

Checked check_pedantic(const ConsumerConfig& c) {
  struct Wish {
    bool violated;
    const char* text;
  };
  const Wish wishes[] = {
      {c.max_deliver < -1, "max_deliver must be set to -1"},
      {c.max_waiting < 0, "max_waiting must not be negative"},
      {c.max_ack_pending < -1, "max_ack_pending must be set to -1"},
      {c.max_batch < 0, "max_batch must not be negative"},
      {c.inactive_threshold.ns < 0, "inactive_threshold must not be negative"},
      {c.idle_heartbeat.ns < 0, "idle_heartbeat must not be negative"},
      {!c.backoff.empty() && c.ack_wait.ns > 0 && c.ack_wait != c.backoff.front(),
       "first backoff value has to equal batch AckWait"},
  };
  for (const Wish& wish : wishes)
    if (wish.violated) return api_failure(kPedantic, {wish.text});
  return {};
}

void complete(ConsumerConfig& c, const StreamConfig& stream) {
  if (c.max_deliver <= 0) c.max_deliver = -1;
  if (c.max_waiting < 0) c.max_waiting = 0;
  if (c.max_batch < 0) c.max_batch = 0;
  if (c.max_bytes < 0) c.max_bytes = 0;
  if (c.max_expires.ns < 0) c.max_expires = {};
  if (c.idle_heartbeat.ns < 0) c.idle_heartbeat = {};
  if (c.inactive_threshold.ns < 0) c.inactive_threshold = {};
  if (c.priority_timeout.ns < 0) c.priority_timeout = {};
  if (c.max_ack_pending < -1) c.max_ack_pending = -1;
  if (!c.backoff.empty()) c.ack_wait = c.backoff.front();
  if (c.ack_wait.ns == 0 && tracks(c)) c.ack_wait = kAckWaitDefault;
  if (c.max_ack_pending == 0) {
    if (stream.consumer_limits.max_ack_pending > 0)
      c.max_ack_pending = stream.consumer_limits.max_ack_pending;
    else if (tracks(c) || by_flow(c))
      c.max_ack_pending = kMaxAckPendingDefault;
  }
  if (!c.is_push() && c.max_waiting == 0) c.max_waiting = kMaxWaitingDefault;
  if (c.inactive_threshold.ns == 0) {
    if (stream.consumer_limits.inactive_threshold.ns > 0)
      c.inactive_threshold = stream.consumer_limits.inactive_threshold;
    else if (!c.is_durable())
      c.inactive_threshold = kInactiveDefault;
  }
  if (by_flow(c)) {
    c.flow_control = true;
    if (c.idle_heartbeat.ns == 0 || c.idle_heartbeat > seconds(1)) c.idle_heartbeat = seconds(1);
  }
  if (c.priority_policy == PriorityPolicy::kPinnedClient && c.priority_timeout.ns == 0)
    c.priority_timeout = kPinnedDefault;
}

// What the server and the account allow is the default where it is less than the usual one.
void lower_ack_pending(ConsumerConfig& c, const ServerLimits& server,
                       const AccountLimits& account) {
  if (c.max_ack_pending != 0 || c.ack_policy == AckPolicy::kNone) return;
  std::int64_t most = kMaxAckPendingDefault;
  for (const std::int64_t limit : {server.max_ack_pending, account.max_ack_pending})
    if (limit > 0) most = std::min(most, limit);
  c.max_ack_pending = most;
}

Checked check_ceilings(const ConsumerConfig& c, const ServerLimits& server,
                       const AccountLimits& account) {
  if (!c.is_push() && server.max_request_batch > 0 && c.max_batch > server.max_request_batch)
    return api_failure(kConsumerMaxRequestBatchExceeded,
                       {std::to_string(server.max_request_batch)});
  for (const std::int64_t most : {server.max_ack_pending, account.max_ack_pending})
    if (most > 0 && c.max_ack_pending > most)
      return api_failure(kConsumerMaxPendingAckExcess, {std::to_string(most)});
  return {};
}

}  // namespace

bool is_priority_group(const std::string& name) { return !name.empty() && is_group_name(name); }

void set_required_level(ConsumerConfig& config) {
  int level = 0;
  if (config.pause_until || config.priority_policy != PriorityPolicy::kNone) level = 1;
  if (by_flow(config)) level = 4;
  config.metadata["_nats.req.level"] = std::to_string(level);
}

ApiResult<ConsumerConfig> check_consumer(ConsumerConfig config, const StreamConfig& stream,
                                         const ServerLimits& server, const AccountLimits& account,
                                         bool pedantic) {
  if (config.is_durable() && config.name.empty()) config.name = config.durable_name;
  TRY(check_name(config.durable_name.empty() ? config.name : config.durable_name));
  TRY(check_rules(config));
  if (pedantic) TRY(check_pedantic(config));
  if (stream.consumer_limits.max_ack_pending <= 0) lower_ack_pending(config, server, account);
  if (!config.is_push() && config.max_batch == 0 && server.max_request_batch > 0)
    config.max_batch = server.max_request_batch;
  complete(config, stream);
  TRY(check_ceilings(config, server, account));
  TRY(check_policy(config));
  TRY(check_filters(config));
  TRY(check_sampling(config.sample_frequency));
  TRY(check_groups(config));
  TRY(check_for_stream(config, stream));
  TRY(check_dead_letters(config, stream));
  std::erase_if(config.metadata, [](const auto& entry) {
    return entry.first == "_nats.ver" || entry.first == "_nats.level";
  });
  set_required_level(config);
  return config;
}

ApiResult<void> check_consumer_update(const ConsumerConfig& now, const ConsumerConfig& wanted) {
  struct Fixed {
    bool changed;
    const char* text;
  };
  const Fixed fixed[] = {
      {now.deliver_policy != wanted.deliver_policy, "deliver policy can not be updated"},
      {now.start_sequence != wanted.start_sequence, "start sequence can not be updated"},
      {now.start_time != wanted.start_time, "start time can not be updated"},
      {now.ack_policy != wanted.ack_policy, "ack policy can not be updated"},
      {now.replay_policy != wanted.replay_policy, "replay policy can not be updated"},
      {now.idle_heartbeat != wanted.idle_heartbeat, "heart beats can not be updated"},
      {now.flow_control != wanted.flow_control, "flow control can not be updated"},
      {!now.is_push() && wanted.is_push(), "can not update pull consumer to push based"},
      {now.is_push() && !wanted.is_push(), "can not update push consumer to pull based"},
      {now.max_waiting != wanted.max_waiting, "max waiting can not be updated"},
      {now.memory_storage != wanted.memory_storage, "storage type can not be updated"},
  };
  for (const Fixed& field : fixed)
    if (field.changed) return api_failure(kConsumerCreate, {field.text});
  return {};
}

}  // namespace midge::jetstream
