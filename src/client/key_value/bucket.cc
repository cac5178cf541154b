#include "client/key_value/bucket.h"

#include <algorithm>
#include <utility>

#include "client/jetstream/context.h"

namespace midge::detail {
namespace {

constexpr int kHistoryMax = 64;
constexpr std::string_view kDefaultApi = "$JS.API";

std::string subject_prefix(std::string_view bucket) { return "$KV." + std::string(bucket) + "."; }

std::string_view bucket_of_stream(std::string_view stream) {
  if (stream.starts_with(kStreamPrefix)) stream.remove_prefix(kStreamPrefix.size());
  return stream;
}

std::string stream_of_bucket(std::string_view bucket) {
  return std::string(kStreamPrefix) + std::string(bucket_of_stream(bucket));
}

bool is_alphanumeric(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9');
}

bool is_all_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](char letter) {
    return is_alphanumeric(letter) || others.find(letter) != std::string_view::npos;
  });
}

bool has_good_dots(std::string_view key) {
  return !key.starts_with('.') && !key.ends_with('.') && key.find("..") == std::string_view::npos;
}

std::unexpected<Error> invalid(std::string text) {
  return std::unexpected(Error(std::move(text), ErrorCode::kInvalid));
}

// Keys of another bucket become this one's.
StreamSource source_of(StreamSource source, const std::string& bucket) {
  const std::string origin(bucket_of_stream(source.name));
  source.name = stream_of_bucket(origin);
  if (source.transforms.empty() && (!source.external || origin != bucket))
    source.transforms = {{subject_prefix(origin) + ">", subject_prefix(bucket) + ">"}};
  return source;
}

}  // namespace

std::shared_ptr<BucketState> BucketState::of(const JetStream& js,
                                             std::shared_ptr<JetStreamContext> context,
                                             Stream stream) {
  const std::string& api_prefix = context->options().prefix;
  std::string bucket(bucket_of_stream(stream.name()));
  std::string prefix = subject_prefix(bucket);
  std::string put_prefix = api_prefix == kDefaultApi ? prefix : api_prefix + "." + prefix;
  // A mirror holds the origin's subjects, and the origin takes what is published.
  if (const auto& mirror = stream.cached_info().config.mirror) {
    const std::string origin = subject_prefix(bucket_of_stream(mirror->name));
    if (mirror->transforms.empty()) prefix = origin;
    put_prefix = origin;
    if (mirror->external && !mirror->external->api.empty())
      put_prefix = mirror->external->api + "." + origin;
  }
  return std::make_shared<BucketState>(BucketState{js, std::move(context), std::move(stream),
                                                   std::move(bucket), std::move(prefix),
                                                   std::move(put_prefix)});
}

Result<void> check_key(std::string_view key) {
  if (!is_all_of(key, "-/_=.") || !has_good_dots(key)) return invalid("invalid key");
  return {};
}

Result<void> check_key_filter(std::string_view filter) {
  const std::size_t rest = filter.find('>');
  const bool has_tail = rest != std::string_view::npos;
  if (!is_all_of(filter, "-/_=.*>") || !has_good_dots(filter) ||
      (has_tail && rest + 1 != filter.size()))
    return invalid("invalid filter of keys");
  return {};
}

Result<void> check_bucket_name(std::string_view name) {
  if (!is_all_of(name, "-_")) return invalid("invalid bucket name");
  return {};
}

Result<StreamConfig> stream_config_of(const KeyValueConfig& config) {
  constexpr Timeout kWindow{minutes(2).ns};
  TRY(check_bucket_name(config.bucket));
  if (config.history < 1 || config.history > kHistoryMax)
    return invalid("history is not 1 to " + std::to_string(kHistoryMax));
  StreamConfig stream;
  stream.name = stream_of_bucket(config.bucket);
  stream.description = config.description;
  stream.max_messages_per_subject = config.history;
  stream.max_message_size = config.max_value_size > 0 ? config.max_value_size : -1;
  stream.max_bytes = config.max_bytes > 0 ? config.max_bytes : -1;
  stream.max_messages = stream.max_consumers = -1;
  stream.max_age = config.ttl;
  stream.duplicate_window = config.ttl.count() > 0 ? std::min(config.ttl, kWindow) : kWindow;
  stream.storage = config.storage;
  stream.replicas = std::max<std::int64_t>(config.replicas, 1);
  stream.placement = config.placement;
  stream.republish = config.republish;
  stream.compression = config.compression ? Compression::kS2 : Compression::kNone;
  stream.discard = Discard::kNew;
  stream.deny_delete = stream.allow_rollup = stream.allow_direct = true;
  stream.metadata = config.metadata;
  stream.allow_message_ttl = config.limit_marker_ttl.count() > 0;
  stream.subject_delete_marker_ttl = config.limit_marker_ttl;
  if (config.mirror) {
    stream.mirror = config.mirror;
    stream.mirror->name = stream_of_bucket(config.mirror->name);
    stream.mirror_direct = true;
    return stream;
  }
  stream.subjects = {subject_prefix(config.bucket) + ">"};
  for (const StreamSource& source : config.sources)
    stream.sources.push_back(source_of(source, config.bucket));
  return stream;
}

KeyValueStatus status_of(StreamInfo info) {
  KeyValueStatus status;
  status.bucket = bucket_of_stream(info.config.name);
  status.values = info.state.messages;
  status.bytes = info.state.bytes;
  status.history = static_cast<int>(info.config.max_messages_per_subject);
  status.ttl = info.config.max_age;
  status.limit_marker_ttl = info.config.subject_delete_marker_ttl;
  status.compression = info.config.compression != Compression::kNone;
  status.stream = std::move(info);
  return status;
}

KeyOperation operation_of(const Message& message) {
  if (const auto operation = message.header("KV-Operation")) {
    if (*operation == "DEL") return KeyOperation::kDelete;
    if (*operation == "PURGE") return KeyOperation::kPurge;
    return KeyOperation::kPut;
  }
  // The stream's own, where a limit took the value.
  if (const auto reason = message.header("Nats-Marker-Reason"))
    return *reason == "Remove" ? KeyOperation::kDelete : KeyOperation::kPurge;
  return KeyOperation::kPut;
}

KeyValueEntry entry_of(const BucketState& bucket, const StoredMessage& stored) {
  return {.bucket = bucket.bucket,
          .key = stored.subject.substr(std::min(bucket.prefix.size(), stored.subject.size())),
          .value = std::string(stored.data()),
          .revision = stored.sequence,
          .created = stored.time,
          .delta = 0,
          .operation = operation_of(stored.message)};
}

Result<KeyValueEntry> entry_of(const BucketState& bucket, const Delivery& delivery) {
  ASSIGN_OR_RETURN(const DeliveryMetadata metadata, delivery.metadata());
  std::string_view key = delivery.subject();
  key.remove_prefix(std::min(bucket.prefix.size(), key.size()));
  return KeyValueEntry{.bucket = bucket.bucket,
                       .key = std::string(key),
                       .value = std::string(delivery.data()),
                       .revision = metadata.stream_sequence,
                       .created = metadata.time,
                       .delta = metadata.pending,
                       .operation = operation_of(delivery.message())};
}

}  // namespace midge::detail
