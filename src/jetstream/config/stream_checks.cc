#include "jetstream/config/stream_checks.h"

#include <algorithm>
#include <initializer_list>

#include "codec/go_duration.h"
#include "jetstream/config/source_checks.h"
#include "subject/subject.h"
#include "subject/transform.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;
using subject::Transform;

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kDescriptionMax = 4096;
constexpr std::size_t kMetadataMax = 128 * 1024;
constexpr std::int64_t kReplicasMax = 5;
constexpr Duration kDuplicateWindowDefault = minutes(2);
constexpr Duration kShortest = milliseconds(100);

std::size_t metadata_size(const StreamConfig& config) {
  std::size_t size = 0;
  for (const auto& [key, value] : config.metadata) size += key.size() + value.size();
  return size;
}

// What one field, or one with another, may not be. In the order nats-server looks at them.
struct Rule {
  bool (*violated)(const StreamConfig&);
  ApiErrorCode code;
  const char* text = nullptr;  // of codes whose description is a text
};

constexpr Rule kRules[] = {
    {[](const StreamConfig& c) { return c.description.size() > kDescriptionMax; },
     kStreamInvalidConfig, "stream description is too long, maximum allowed is 4096"},
    {[](const StreamConfig& c) { return metadata_size(c) > kMetadataMax; }, kStreamInvalidConfig,
     "stream metadata exceeds maximum size of 131072 bytes"},
    {[](const StreamConfig& c) { return c.replicas > kReplicasMax; }, kStreamInvalidConfig,
     "maximum replicas is 5"},
    {[](const StreamConfig& c) { return c.replicas < 0; }, kReplicasCountCannotBeNegative},
    {[](const StreamConfig& c) { return c.max_age.ns < 0; }, kStreamInvalidConfig,
     "max age can not be negative"},
    {[](const StreamConfig& c) { return c.max_age.ns > 0 && c.max_age < kShortest; },
     kStreamInvalidConfig, "max age needs to be >= 100ms"},
    {[](const StreamConfig& c) { return c.duplicate_window.ns < 0; }, kStreamInvalidConfig,
     "duplicates window can not be negative"},
    {[](const StreamConfig& c) { return c.max_age.ns > 0 && c.duplicate_window > c.max_age; },
     kStreamInvalidConfig, "duplicates window can not be larger then max age"},
    {[](const StreamConfig& c) {
       return c.duplicate_window.ns > 0 && c.duplicate_window < kShortest;
     },
     kStreamInvalidConfig, "duplicates window needs to be >= 100ms"},
    {[](const StreamConfig& c) { return c.deny_purge && c.allow_rollup; }, kStreamInvalidConfig,
     "roll-ups require the purge permission"},
    {[](const StreamConfig& c) { return c.discard_new_per_subject && c.discard != Discard::kNew; },
     kStreamInvalidConfig, "discard new per subject requires discard new policy to be set"},
    {[](const StreamConfig& c) {
       return c.discard_new_per_subject && c.max_messages_per_subject <= 0;
     },
     kStreamInvalidConfig, "discard new per subject requires max msgs per subject > 0"},
    {[](const StreamConfig& c) { return c.subject_delete_marker_ttl.ns < 0; }, kStreamInvalidConfig,
     "subject delete marker TTL must not be negative"},
    {[](const StreamConfig& c) {
       return c.subject_delete_marker_ttl.ns > 0 && c.subject_delete_marker_ttl < seconds(1);
     },
     kStreamInvalidConfig, "subject delete marker TTL must be at least 1 second"},
    {[](const StreamConfig& c) { return c.subject_delete_marker_ttl.ns > 0 && c.mirror; },
     kStreamInvalidConfig, "subject delete markers forbidden on mirrors"},
    {[](const StreamConfig& c) { return c.allow_counter && c.discard == Discard::kNew; },
     kStreamInvalidConfig, "counter stream cannot use discard new"},
    {[](const StreamConfig& c) { return c.allow_counter && c.allow_msg_ttl; }, kStreamInvalidConfig,
     "counter stream cannot use message TTLs"},
    {[](const StreamConfig& c) { return c.allow_counter && c.retention != Retention::kLimits; },
     kStreamInvalidConfig, "counter stream can only use limits retention"},
    {[](const StreamConfig& c) { return c.allow_counter && c.allow_schedules; },
     kStreamInvalidConfig, "counter stream cannot use message schedules"},
    {[](const StreamConfig& c) { return c.allow_schedules && c.discard == Discard::kNew; },
     kStreamInvalidConfig, "message scheduling cannot use discard new"},
    {[](const StreamConfig& c) {
       return c.persist_mode == PersistMode::kAsync && c.storage != Storage::kFile;
     },
     kStreamInvalidConfig, "async persist mode is only supported on file storage"},
    {[](const StreamConfig& c) { return c.persist_mode == PersistMode::kAsync && c.replicas > 1; },
     kStreamInvalidConfig, "async persist mode is not supported on replicated streams"},
    {[](const StreamConfig& c) { return c.persist_mode == PersistMode::kAsync && c.allow_atomic; },
     kStreamInvalidConfig, "async persist mode is not supported with atomic batch publish"},
    {[](const StreamConfig& c) { return c.placement && !c.placement->preferred.empty(); },
     kStreamInvalidConfig, "preferred server not permitted in placement"},
    {[](const StreamConfig& c) { return c.mirror_direct && !c.mirror; }, kStreamInvalidConfig,
     "stream has no mirror but does have mirror direct"},
    {[](const StreamConfig& c) { return c.mirror && !c.subjects.empty(); }, kMirrorWithSubjects},
    {[](const StreamConfig& c) { return c.mirror && !c.sources.empty(); }, kMirrorWithSources},
    {[](const StreamConfig& c) { return c.mirror && c.first_sequence > 0; }, kMirrorWithFirstSeq},
    {[](const StreamConfig& c) { return c.mirror && c.allow_counter; }, kMirrorWithCounters},
    {[](const StreamConfig& c) { return c.mirror && c.allow_atomic; }, kMirrorWithAtomicPublish},
    {[](const StreamConfig& c) { return c.mirror && c.allow_batched; }, kMirrorWithBatchPublish},
    {[](const StreamConfig& c) { return c.mirror && c.allow_schedules; }, kMirrorWithMsgSchedules},
    {[](const StreamConfig& c) { return !c.sources.empty() && c.allow_schedules; },
     kSourceWithMsgSchedules},
};

ApiResult<void> check_rules(const StreamConfig& config, std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    if (!rule.violated(config)) continue;
    if (rule.text == nullptr) return api_failure(rule.code);
    return api_failure(rule.code, {rule.text});
  }
  return {};
}

ApiResult<void> check_name(const std::string& name) {
  if (name.find_first_of("/\\") != std::string::npos)
    return api_failure(kStreamNameContainsPathSeparators);
  if (name.empty() || name.find_first_of(" \t\r\n\f.*>") != std::string::npos)
    return api_failure(kStreamInvalidConfig,
                       {"stream name is required and can not contain '.', '*', '>', '\\', '/'"});
  if (name.size() > kNameMax)
    return api_failure(kStreamInvalidConfig, {"stream name is too long, maximum allowed is 255"});
  return {};
}

// What may be captured only by streams that do not acknowledge.
ApiResult<void> check_reserved(const StreamConfig& config, const std::string& captured) {
  if (config.no_ack) return {};
  if (captured == ">")
    return api_failure(kStreamInvalidConfig, {"capturing all subjects requires no-ack to be true"});
  const auto overlaps = [&](const char* reserved) { return subject::overlaps(captured, reserved); };
  const bool harmless = subject::is_subset(captured, "$JS.EVENT.>");
  if (!harmless && overlaps("$JS.>"))
    return api_failure(kStreamInvalidConfig,
                       {"subjects that overlap with jetstream api require no-ack to be true"});
  if (!subject::is_subset(captured, "$SYS.ACCOUNT.>") && overlaps("$SYS.>"))
    return api_failure(kStreamInvalidConfig,
                       {"subjects that overlap with system api require no-ack to be true"});
  return {};
}

ApiResult<void> check_subjects(const StreamConfig& config) {
  for (std::size_t i = 0; i < config.subjects.size(); ++i) {
    const std::string& captured = config.subjects[i];
    if (!subject::is_valid(captured)) return api_failure(kStreamInvalidConfig, {"invalid subject"});
    TRY(check_reserved(config, captured));
    for (std::size_t j = 0; j < i; ++j)
      if (subject::overlaps(config.subjects[j], captured))
        return api_failure(kStreamInvalidConfig, {"subject \"" + config.subjects[j] +
                                                  "\" overlaps with \"" + captured + "\""});
  }
  return {};
}

ApiResult<void> check_transform(const StreamConfig& config) {
  if (!config.transform) return {};
  const TransformConfig& transform = *config.transform;
  if (!transform.source.empty() && !subject::is_valid(transform.source))
    return api_failure(kStreamTransformInvalidSource, {"invalid subject " + transform.source});
  const auto compiled =
      Transform::compile(transform.source, transform.destination, Transform::Use::kMapping);
  if (!subject::is_valid(subject::star_wildcards(transform.destination)))
    return api_failure(kStreamTransformInvalidDestination,
                       {"invalid mapping destination: invalid transform"});
  if (!compiled) return api_failure(kStreamTransformInvalidDestination, {compiled.error().text()});
  return {};
}

ApiResult<void> check_republish(StreamConfig& config) {
  if (!config.republish) return {};
  RepublishConfig& republish = *config.republish;
  if (republish.source.empty()) republish.source = ">";
  const auto refuse = [](const std::string& text) {
    return api_failure(kStreamInvalidConfig, {"stream configuration for republish " + text});
  };
  const std::string captured = subject::star_wildcards(republish.destination);
  for (const std::string& own : config.subjects)
    if (subject::overlaps(own, captured)) return refuse("destination forms a cycle");
  if (captured == ">") return refuse("destination forms a cycle");
  if (!Transform::compile(republish.source, republish.destination, Transform::Use::kMapping))
    return refuse("with transform from '" + republish.source + "' to '" + republish.destination +
                  "' not valid");
  return {};
}

// Limits of zero and below mean none; what is odd about that is told to those who asked.
ApiResult<void> complete_limits(StreamConfig& config, bool pedantic) {
  struct Limit {
    std::int64_t StreamConfig::*field;
    const char* name;
  };
  constexpr Limit kLimits[] = {
      {&StreamConfig::max_messages, "max_msgs"},
      {&StreamConfig::max_messages_per_subject, "max_msgs_per_subject"},
      {&StreamConfig::max_bytes, "max_bytes"},
      {&StreamConfig::max_message_size, "max_msg_size"},
      {&StreamConfig::max_consumers, "max_consumers"},
  };
  for (const Limit& limit : kLimits) {
    std::int64_t& value = config.*limit.field;
    if (pedantic && value < -1)
      return api_failure(kPedantic, {std::string(limit.name) + " must be set to -1"});
    if (value == 0 || value < -1) value = -1;
  }
  return {};
}

ApiResult<void> check_account(const StreamConfig& config, const AccountLimits& account) {
  if (!account.applies()) return api_failure(kNoLimits);
  if (account.max_bytes_required && config.max_bytes <= 0)
    return api_failure(kStreamMaxBytesRequired);
  const std::int64_t most = config.storage == Storage::kMemory ? account.memory_max_stream_bytes
                                                               : account.store_max_stream_bytes;
  if (most > 0 && config.max_bytes > most) return api_failure(kStreamMaxStreamBytesExceeded);
  return {};
}

ApiResult<void> complete_window(StreamConfig& config, const ServerLimits& server, bool pedantic) {
  if (config.duplicate_window.ns != 0 || config.mirror) return {};
  if (!config.sources.empty()) return {};
  Duration window = kDuplicateWindowDefault;
  if (server.duplicate_window.ns > 0) window = std::min(window, server.duplicate_window);
  if (config.max_age.ns > 0 && config.max_age < window) {
    if (pedantic) return api_failure(kPedantic, {"duplicate window cannot be bigger than max age"});
    if (config.max_age > Duration{0}) window = config.max_age;
  }
  config.duplicate_window = window;
  return {};
}

// Features that lean on others bring them along, or insist on them.
ApiResult<void> complete_features(StreamConfig& config, bool pedantic) {
  if (config.subject_delete_marker_ttl.ns > 0) {
    if (pedantic && !config.allow_msg_ttl)
      return api_failure(kStreamInvalidConfig,
                         {"subject delete marker cannot be set if message TTLs are disabled"});
    if (pedantic && !config.allow_rollup)
      return api_failure(kStreamInvalidConfig,
                         {"subject delete marker cannot be set if roll-ups are disabled"});
    config.allow_msg_ttl = config.allow_rollup = true;
    config.deny_purge = false;
  }
  if (config.allow_schedules) {
    if (pedantic && !config.allow_rollup)
      return api_failure(kStreamInvalidConfig,
                         {"message scheduling cannot be set if roll-ups are disabled"});
    config.allow_rollup = true;
    config.deny_purge = false;
  }
  return {};
}

}  // namespace

ApiResult<StreamConfig> check_stream(StreamConfig config, const ServerLimits& server,
                                     const AccountLimits& account, bool pedantic) {
  TRY(check_name(config.name));
  if (config.replicas == 0) config.replicas = 1;
  TRY(complete_limits(config, pedantic));
  TRY(check_account(config, account));
  TRY(complete_window(config, server, pedantic));
  TRY(complete_features(config, pedantic));
  TRY(check_rules(config, kRules));
  if (server.duplicate_window.ns > 0 && config.duplicate_window > server.duplicate_window)
    return api_failure(kStreamInvalidConfig,
                       {"duplicates window can not be larger then server limit of " +
                        codec::go_duration(server.duplicate_window)});
  // A sealed stream takes nothing and loses nothing.
  if (config.sealed) {
    config.discard = Discard::kNew;
    config.max_age = {};
    config.deny_delete = config.deny_purge = true;
    config.allow_rollup = false;
  }
  if (config.subjects.empty() && !config.mirror && config.sources.empty())
    config.subjects = {config.name};
  TRY(check_sources(config));
  TRY(check_subjects(config));
  TRY(check_transform(config));
  TRY(check_republish(config));
  std::erase_if(config.metadata, [](const auto& entry) {
    return entry.first == "_nats.ver" || entry.first == "_nats.level";
  });
  set_required_level(config);
  return config;
}

ApiResult<void> check_stream_update(const StreamConfig& now, const StreamConfig& wanted) {
  const auto refuse = [](std::string_view text) -> ApiResult<void> {
    return api_failure(kStreamInvalidConfig,
                       {"stream configuration update can not " + std::string(text)});
  };
  if (now.name != wanted.name)
    return api_failure(kStreamInvalidConfig, {"stream configuration name must match original"});
  if (now.storage != wanted.storage) return refuse("change storage type");
  const bool was_queue = now.retention == Retention::kWorkQueue;
  if (was_queue != (wanted.retention == Retention::kWorkQueue))
    return refuse("change retention policy to/from workqueue");
  // A mirror may be let go, and then is a stream like others.
  if (wanted.mirror && now.mirror != wanted.mirror) return api_failure(kStreamMirrorNotUpdatable);
  if (now.sealed && !wanted.sealed) return refuse("unseal a sealed stream");
  if (now.deny_delete && !wanted.deny_delete) return refuse("cancel deny message deletes");
  if (now.deny_purge && !wanted.deny_purge) return refuse("cancel deny purge");
  if (now.allow_msg_ttl && !wanted.allow_msg_ttl)
    return api_failure(kStreamInvalidConfig, {"message TTL status can not be disabled"});
  if (now.allow_counter != wanted.allow_counter) return refuse("change message counter setting");
  if (now.allow_schedules && !wanted.allow_schedules)
    return api_failure(kStreamInvalidConfig, {"message schedules can not be disabled"});
  if (now.persist_mode != wanted.persist_mode) return refuse("change persist mode");
  if (wanted.replicas > 1) return api_failure(kStreamReplicasNotSupported);
  return {};
}

void set_required_level(StreamConfig& config) {
  int level = 0;
  if (config.allow_msg_ttl || config.subject_delete_marker_ttl.ns > 0) level = 1;
  if (config.allow_counter || config.allow_atomic || config.allow_schedules ||
      config.persist_mode != PersistMode::kDefault)
    level = 2;
  if (config.allow_batched) level = 4;
  config.metadata["_nats.req.level"] = std::to_string(level);
}

}  // namespace midge::jetstream
