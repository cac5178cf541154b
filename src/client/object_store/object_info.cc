#include "client/object_store/object_info.h"

#include <algorithm>
#include <utility>

#include "client/jetstream/json_time.h"
#include "client/key_value/bucket.h"
#include "codec/base64.h"

namespace midge {

template <class Visitor>
void describe(Visitor& v, ObjectLink& link) {
  v.field("bucket", link.bucket).unless_empty("name", link.name);
}

namespace detail {
namespace {

struct WireOptions {
  std::optional<ObjectLink> link;
  std::size_t chunk_size = 0;
};
template <class Visitor>
void describe(Visitor& v, WireOptions& o) {
  v.unless_empty("link", o.link).unless_empty("max_chunk_size", o.chunk_size);
}

struct WireInfo {
  ObjectInfo info;
  std::map<std::string, std::vector<std::string>> headers;
  std::optional<WireOptions> options;
};
template <class Visitor>
void describe(Visitor& v, WireInfo& w) {
  ObjectInfo& i = w.info;
  v.field("name", i.name).unless_empty("description", i.description);
  v.unless_empty("headers", w.headers).unless_empty("metadata", i.metadata);
  v.unless_empty("options", w.options).field("bucket", i.bucket).field("nuid", i.nuid);
  v.field("size", i.size).field("mtime", i.modified).field("chunks", i.chunks);
  v.unless_empty("digest", i.digest).unless_empty("deleted", i.deleted);
}

}  // namespace

// Also of another domain's bucket: servers map `$KV.` behind a domain's prefix, and not these.
std::string ObjectBucketState::chunk_subject(std::string_view nuid) const {
  return "$O." + bucket + ".C." + std::string(nuid);
}

std::string ObjectBucketState::meta_subject(std::string_view name) const {
  return "$O." + bucket + ".M." + (name.empty() ? ">" : object_base64(name));
}

Result<StreamConfig> stream_config_of(const ObjectStoreConfig& config) {
  TRY(check_bucket_name(config.bucket));
  StreamConfig stream;
  stream.name = std::string(kObjectStreamPrefix) + config.bucket;
  stream.description = config.description;
  stream.subjects = {"$O." + config.bucket + ".C.>", "$O." + config.bucket + ".M.>"};
  stream.max_age = config.ttl;
  stream.max_bytes = config.max_bytes > 0 ? config.max_bytes : -1;
  stream.storage = config.storage;
  stream.replicas = std::max<std::int64_t>(config.replicas, 1);
  stream.placement = config.placement;
  stream.discard = Discard::kNew;
  stream.allow_rollup = stream.allow_direct = true;
  stream.compression = config.compression ? Compression::kS2 : Compression::kNone;
  stream.metadata = config.metadata;
  return stream;
}

std::string object_json(const ObjectInfo& info) {
  WireInfo wire{.info = info, .headers = {}, .options = {}};
  wire.info.modified = {};  // the message has it
  for (const auto& [name, value] : info.headers) wire.headers[name].push_back(value);
  if (info.link || info.chunk_size > 0) wire.options = WireOptions{info.link, info.chunk_size};
  return codec::write_json_struct(wire);
}

Result<ObjectInfo> read_object(std::string_view json, Time time) {
  WireInfo wire;
  TRY(codec::read_json_struct(json, wire, false));
  for (const auto& [name, values] : wire.headers)
    for (const std::string& value : values) wire.info.headers.emplace_back(name, value);
  if (wire.options) {
    wire.info.link = wire.options->link;
    wire.info.chunk_size = wire.options->chunk_size;
  }
  wire.info.modified = time;
  return std::move(wire.info);
}

std::string object_base64(std::string_view bytes) {
  std::string text = codec::encode_base64(codec::Base64::kRawUrl, bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

}  // namespace detail
}  // namespace midge
