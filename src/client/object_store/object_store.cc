// What a bucket has: descriptions, links, lists. Bytes are object_chunks.cc's.
#include "midge/object_store.h"

#include <utility>

#include "client/jetstream/consumption_state.h"
#include "client/jetstream/delivery_queue.h"
#include "client/jetstream/json_time.h"
#include "client/jetstream/ordered_feed.h"
#include "client/jetstream/watch_events.h"
#include "client/key_value/bucket.h"
#include "client/object_store/object_info.h"
#include "client/patience.h"

namespace midge {
namespace {

using detail::ObjectBucketState;
using detail::OrderedFeed;

constexpr const char* kChunks = "$O.*.C.>";  // of all buckets

std::unexpected<Error> no_object() { return failure("object not found", ErrorCode::kNotFound); }
std::unexpected<Error> object_exists() { return failure("the object exists", ErrorCode::kExists); }

Result<ObjectInfo> info_of(const Delivery& delivery) {
  ASSIGN_OR_RETURN(const DeliveryMetadata metadata, delivery.metadata());
  return detail::read_object(delivery.data(), metadata.time);
}

Result<std::shared_ptr<OrderedFeed>> watch_descriptions(const ObjectBucketState& bucket,
                                                        DeliverPolicy from,
                                                        detail::FeedEvents events,
                                                        const Deadline& deadline) {
  const detail::OrderedConsumerState consumer{
      bucket.context,
      bucket.stream.name(),
      {.filter_subjects = {bucket.meta_subject("")}, .deliver_policy = from}};
  return OrderedFeed::create(consumer, ConsumeOptions{}, std::move(events), deadline);
}

}  // namespace

const std::string& ObjectStore::bucket() const { return state_->bucket; }

Result<ObjectInfo> ObjectStore::info_or_deleted(std::string_view name,
                                                const Deadline& deadline) const {
  if (name.empty()) return failure("an object has a name", ErrorCode::kInvalid);
  auto stored = state_->stream.last_message(state_->meta_subject(name), deadline);
  if (!stored && stored.error().code() == ErrorCode::kNotFound) return no_object();
  if (!stored) return std::move(stored).error();
  return detail::read_object(stored->data(), stored->time);
}

Result<ObjectInfo> ObjectStore::info(std::string_view name, Deadline deadline) const {
  ASSIGN_OR_RETURN(ObjectInfo info, info_or_deleted(name, deadline));
  if (info.deleted) return no_object();
  return info;
}

Result<ObjectInfo> ObjectStore::put_info(ObjectInfo info, const Deadline& deadline) const {
  PublishOptions options;
  options.rollup = Rollup::kSubject;
  TRY(state_->js.publish(state_->meta_subject(info.name), detail::object_json(info), options,
                         deadline));
  info.modified = time_of(state_->context->connection()->wall_now());
  return info;
}

Result<ObjectInfo> ObjectStore::update(std::string_view name, const ObjectMeta& meta,
                                       Deadline deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(ObjectInfo there, info(name, left()));
  if (meta.name != name) {
    const auto other = info(meta.name, left());
    if (other) return object_exists();
    if (other.error().code() != ErrorCode::kNotFound) return other.error();
  }
  there.name = meta.name;
  there.description = meta.description;
  there.headers = meta.headers;
  there.metadata = meta.metadata;
  ASSIGN_OR_RETURN(ObjectInfo updated, put_info(std::move(there), left()));
  if (meta.name != name) {
    PurgeOptions old;
    old.filter = state_->meta_subject(name);
    TRY(state_->stream.purge(std::move(old), left()));
  }
  return updated;
}

Result<void> ObjectStore::remove(std::string_view name, Deadline deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(ObjectInfo there, info(name, left()));
  const std::string nuid = there.nuid;
  there.deleted = true;
  there.size = there.chunks = 0;
  there.digest.clear();
  TRY(put_info(std::move(there), left()));
  return purge_chunks(nuid, left());
}

Result<ObjectInfo> ObjectStore::put_link(std::string_view name, ObjectLink link,
                                         const Deadline& deadline) const {
  const detail::Remaining left(deadline);
  const auto there = info(name, left());
  if (!there && there.error().code() != ErrorCode::kNotFound) return there.error();
  if (there && !there->link) return object_exists();
  ObjectInfo info;
  info.name = name;
  info.bucket = bucket();
  info.nuid = state_->context->draw_name();
  info.link = std::move(link);
  return put_info(std::move(info), left());
}

Result<ObjectInfo> ObjectStore::add_link(std::string_view name, const ObjectInfo& to,
                                         Deadline deadline) const {
  if (to.link) return failure("a link to a link", ErrorCode::kInvalid);
  if (to.deleted) return no_object();
  return put_link(name, {.bucket = to.bucket, .name = to.name}, deadline);
}

Result<ObjectInfo> ObjectStore::add_bucket_link(std::string_view name, const ObjectStore& to,
                                                Deadline deadline) const {
  return put_link(name, {.bucket = to.bucket(), .name = {}}, deadline);
}

Result<void> ObjectStore::seal(Deadline deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(StreamInfo info, state_->stream.info({}, left()));
  info.config.sealed = true;
  TRY(state_->js.update_stream(info.config, left()));
  return {};
}

Result<std::vector<ObjectInfo>> ObjectStore::list(Deadline deadline) const {
  const auto queue = std::make_shared<detail::DeliveryQueue>();
  auto events = detail::watch_events([queue](const Delivery& d) { queue->put(d); }, true);
  events.end = [queue](const Error& why) { queue->end(why); };
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(auto feed, watch_descriptions(*state_, DeliverPolicy::kLastPerSubject,
                                                 std::move(events), left()));
  Result<std::vector<ObjectInfo>> all;
  while (all) {
    const auto delivery = queue->take(left(), feed->may_wait());
    if (!delivery) {
      all = delivery.error();
    } else if (delivery->subject().empty()) {
      break;
    } else {
      feed->release(*delivery);
      if (auto info = info_of(*delivery); info && !info->deleted) all->push_back(*std::move(info));
    }
  }
  feed->stop();
  return all;
}

Result<Consumption> ObjectStore::watch(OnInfo callback, ObjectWatchOptions options,
                                       Deadline deadline) const {
  if (!callback) return failure("there is no callback", ErrorCode::kInvalid);
  auto tell = [callback = std::move(callback),
               ignore_deletes = options.ignore_deletes](const Delivery& delivery) {
    if (delivery.subject().empty()) return callback(std::nullopt);
    const auto info = info_of(delivery);
    if (info && !(ignore_deletes && info->deleted)) callback(*info);
  };
  const DeliverPolicy from =
      options.updates_only ? DeliverPolicy::kNew : DeliverPolicy::kLastPerSubject;
  ASSIGN_OR_RETURN(
      auto feed,
      watch_descriptions(*state_, from, detail::watch_events(std::move(tell), false), deadline));
  return Consumption(std::make_shared<Consumption::State>(std::move(feed)));
}

Result<StreamInfo> ObjectStore::status(Deadline deadline) const {
  return state_->stream.info({}, std::move(deadline));
}

Result<ObjectStore> ObjectStores::store_of(Result<Stream> stream) const {
  if (!stream && stream.error().err_code() == detail::kStreamNotFound)
    return failure("bucket not found", ErrorCode::kNotFound);
  if (!stream) return std::move(stream).error();
  std::string bucket = stream->name().substr(detail::kObjectStreamPrefix.size());
  return ObjectStore(std::make_shared<ObjectBucketState>(
      ObjectBucketState{js_, js_.context_, *std::move(stream), std::move(bucket)}));
}

Result<ObjectStore> ObjectStores::create(const ObjectStoreConfig& config, Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return store_of(js_.create_stream(stream, std::move(deadline)));
}

Result<ObjectStore> ObjectStores::update(const ObjectStoreConfig& config, Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return store_of(js_.update_stream(stream, std::move(deadline)));
}

Result<ObjectStore> ObjectStores::create_or_update(const ObjectStoreConfig& config,
                                                   Deadline deadline) const {
  ASSIGN_OR_RETURN(const StreamConfig stream, detail::stream_config_of(config));
  return store_of(js_.create_or_update_stream(stream, std::move(deadline)));
}

Result<ObjectStore> ObjectStores::bucket(std::string_view name, Deadline deadline) const {
  TRY(detail::check_bucket_name(name));
  return store_of(
      js_.stream(std::string(detail::kObjectStreamPrefix) + std::string(name), deadline));
}

Result<void> ObjectStores::remove(std::string_view name, Deadline deadline) const {
  TRY(detail::check_bucket_name(name));
  auto removed =
      js_.delete_stream(std::string(detail::kObjectStreamPrefix) + std::string(name), deadline);
  if (!removed && removed.error().err_code() == detail::kStreamNotFound)
    return failure("bucket not found", ErrorCode::kNotFound);
  return removed;
}

Result<std::vector<StreamInfo>> ObjectStores::statuses(Deadline deadline) const {
  ASSIGN_OR_RETURN(std::vector<StreamInfo> streams, js_.streams(kChunks, std::move(deadline)));
  std::erase_if(streams, [](const StreamInfo& info) {
    return !info.config.name.starts_with(detail::kObjectStreamPrefix);
  });
  return streams;
}

Result<std::vector<std::string>> ObjectStores::names(Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> streams,
                   js_.stream_names(kChunks, std::move(deadline)));
  std::vector<std::string> names;
  for (const std::string& stream : streams)
    if (stream.starts_with(detail::kObjectStreamPrefix))
      names.push_back(stream.substr(detail::kObjectStreamPrefix.size()));
  return names;
}

}  // namespace midge
