#include "midge/key_value.h"

#include <utility>

#include "client/jetstream/context.h"
#include "client/jetstream/json_time.h"
#include "client/jetstream/publish.h"
#include "client/key_value/bucket.h"
#include "client/patience.h"

namespace midge {
namespace {

// `wrong last sequence`, in its two forms.
bool is_other_revision(const Error& error) {
  return error.err_code() == 10071 || error.err_code() == 10164;
}

std::unexpected<Error> no_key() { return failure("key not found", ErrorCode::kNotFound); }

PublishOptions expecting(std::uint64_t revision) {
  PublishOptions options;
  options.expected_last_subject_sequence = revision;
  return options;
}

}  // namespace

const std::string& KeyValue::bucket() const { return state_->bucket; }

Result<std::uint64_t> KeyValue::publish(std::string_view key, std::string_view value,
                                        PublishOptions options, const Deadline& deadline) const {
  TRY(detail::check_key(key));
  ASSIGN_OR_RETURN(const PubAck ack, state_->js.publish(state_->put_prefix + std::string(key),
                                                        value, std::move(options), deadline));
  return ack.sequence;
}

// Deleted ones as well. `revision`: 0 = the last.
Result<KeyValueEntry> KeyValue::read(std::string_view key, std::uint64_t revision,
                                     const Deadline& deadline) const {
  TRY(detail::check_key(key));
  const std::string subject = state_->prefix + std::string(key);
  auto stored = revision == 0 ? state_->stream.last_message(subject, deadline)
                              : state_->stream.message(revision, deadline);
  if (!stored && stored.error().code() == ErrorCode::kNotFound) return no_key();
  if (!stored) return std::move(stored).error();
  if (stored->subject != subject) return no_key();
  return detail::entry_of(*state_, *stored);
}

Result<KeyValueEntry> KeyValue::get(std::string_view key, Deadline deadline) const {
  return get_revision(key, 0, std::move(deadline));
}

Result<KeyValueEntry> KeyValue::get_revision(std::string_view key, std::uint64_t revision,
                                             Deadline deadline) const {
  ASSIGN_OR_RETURN(KeyValueEntry entry, read(key, revision, deadline));
  if (entry.operation != KeyOperation::kPut) return no_key();
  return entry;
}

Result<std::uint64_t> KeyValue::put(std::string_view key, std::string_view value,
                                    Deadline deadline) const {
  return publish(key, value, {}, deadline);
}

Result<std::uint64_t> KeyValue::create(std::string_view key, std::string_view value, Timeout ttl,
                                       Deadline deadline) const {
  const detail::Remaining left(deadline);
  PublishOptions options = expecting(0);
  options.ttl = ttl;
  auto created = publish(key, value, options, left());
  if (created || !is_other_revision(created.error())) return created;
  // A deleted key is none.
  auto last = read(key, 0, left());
  if (!last && last.error().code() != ErrorCode::kNotFound) return std::move(last).error();
  if (!last || last->operation == KeyOperation::kPut)
    return failure("the key exists", ErrorCode::kExists);
  options.expected_last_subject_sequence = last->revision;
  created = publish(key, value, std::move(options), left());
  if (!created && is_other_revision(created.error()))
    return failure("the key exists", ErrorCode::kExists);
  return created;
}

Result<std::uint64_t> KeyValue::update(std::string_view key, std::string_view value,
                                       std::uint64_t revision, Deadline deadline) const {
  return publish(key, value, expecting(revision), deadline);
}

Result<void> KeyValue::remove(std::string_view key, std::uint64_t revision,
                              Deadline deadline) const {
  PublishOptions options;
  if (revision > 0) options = expecting(revision);
  options.headers.add("KV-Operation", "DEL");
  TRY(publish(key, "", std::move(options), deadline));
  return {};
}

Result<void> KeyValue::purge(std::string_view key, PurgeTerms terms, Deadline deadline) const {
  PublishOptions options;
  if (terms.revision > 0) options = expecting(terms.revision);
  options.ttl = terms.ttl;
  options.headers.add("KV-Operation", "PURGE");
  options.rollup = Rollup::kSubject;
  TRY(publish(key, "", std::move(options), deadline));
  return {};
}

Result<void> KeyValue::purge(std::string_view key, Deadline deadline) const {
  return purge(key, PurgeTerms{}, std::move(deadline));
}

// All that is there now.
Result<std::vector<KeyValueEntry>> KeyValue::current(std::vector<std::string> keys,
                                                     WatchOptions options,
                                                     const Deadline& deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(KeyWatcher watcher, watch(std::move(keys), options, left()));
  std::vector<KeyValueEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(std::optional<KeyValueEntry> entry, watcher.next(left()));
    if (!entry) return entries;
    entries.push_back(*std::move(entry));
  }
}

Result<void> KeyValue::purge_deletes(Timeout older_than, Deadline deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(const std::vector<KeyValueEntry> entries,
                   current({}, {.metadata_only = true}, left()));
  const Time limit = time_of(state_->context->connection()->wall_now()) - older_than;
  for (const KeyValueEntry& entry : entries) {
    if (entry.operation == KeyOperation::kPut) continue;
    const PurgeOptions options{.filter = state_->prefix + entry.key,
                               .sequence = 0,
                               .keep = entry.created > limit ? 1ULL : 0ULL};
    TRY(state_->stream.purge(options, left()));
  }
  return {};
}

Result<std::vector<KeyValueEntry>> KeyValue::history(std::string_view key,
                                                     Deadline deadline) const {
  TRY(detail::check_key(key));
  ASSIGN_OR_RETURN(std::vector<KeyValueEntry> entries,
                   current({std::string(key)}, {.include_history = true}, deadline));
  if (entries.empty()) return no_key();
  return entries;
}

Result<std::vector<std::string>> KeyValue::keys(std::vector<std::string> filters,
                                                Deadline deadline) const {
  ASSIGN_OR_RETURN(
      std::vector<KeyValueEntry> entries,
      current(std::move(filters), {.ignore_deletes = true, .metadata_only = true}, deadline));
  std::vector<std::string> keys;
  for (KeyValueEntry& entry : entries) keys.push_back(std::move(entry.key));
  return keys;
}

Result<KeyValueStatus> KeyValue::status(Deadline deadline) const {
  ASSIGN_OR_RETURN(StreamInfo info, state_->stream.info({}, std::move(deadline)));
  return detail::status_of(std::move(info));
}

Result<KeyValue> KeyValueStore::bucket_of(Result<Stream> stream) const {
  if (!stream && stream.error().err_code() == detail::kStreamNotFound)
    return failure("bucket not found", ErrorCode::kNotFound);
  if (!stream) return std::move(stream).error();
  if (stream->cached_info().config.max_messages_per_subject < 1)
    return failure("the stream is no bucket", ErrorCode::kInvalid);
  return KeyValue(detail::BucketState::of(js_, js_.context_, *std::move(stream)));
}

Result<KeyValue> KeyValueStore::create(const KeyValueConfig& config, Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return bucket_of(js_.create_stream(stream, std::move(deadline)));
}

Result<KeyValue> KeyValueStore::update(const KeyValueConfig& config, Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return bucket_of(js_.update_stream(stream, std::move(deadline)));
}

Result<KeyValue> KeyValueStore::create_or_update(const KeyValueConfig& config,
                                                 Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return bucket_of(js_.create_or_update_stream(stream, std::move(deadline)));
}

Result<KeyValue> KeyValueStore::bucket(std::string_view name, Deadline deadline) const {
  TRY(detail::check_bucket_name(name));
  return bucket_of(
      js_.stream(std::string(detail::kStreamPrefix) + std::string(name), std::move(deadline)));
}

Result<void> KeyValueStore::remove(std::string_view name, Deadline deadline) const {
  TRY(detail::check_bucket_name(name));
  auto removed = js_.delete_stream(std::string(detail::kStreamPrefix) + std::string(name),
                                   std::move(deadline));
  if (!removed && removed.error().err_code() == detail::kStreamNotFound)
    return failure("bucket not found", ErrorCode::kNotFound);
  return removed;
}

Result<std::vector<std::string>> KeyValueStore::names(Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> streams,
                   js_.stream_names("$KV.*.>", std::move(deadline)));
  std::vector<std::string> names;
  for (const std::string& stream : streams)
    if (stream.starts_with(detail::kStreamPrefix))
      names.push_back(stream.substr(detail::kStreamPrefix.size()));
  return names;
}

Result<std::vector<KeyValueStatus>> KeyValueStore::statuses(Deadline deadline) const {
  ASSIGN_OR_RETURN(std::vector<StreamInfo> streams, js_.streams("$KV.*.>", std::move(deadline)));
  std::vector<KeyValueStatus> statuses;
  for (StreamInfo& info : streams)
    if (info.config.name.starts_with(detail::kStreamPrefix))
      statuses.push_back(detail::status_of(std::move(info)));
  return statuses;
}

}  // namespace midge
