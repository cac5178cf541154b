#include "server/system/server_json.h"

namespace midge::server {
namespace {

// JetStream; and two ways of snapshots between servers.
constexpr int kJetStreamFlags = 7;

}  // namespace

ServerFacts facts_of(const Identity& identity, const Options& options) {
  return {identity.name,
          identity.host,
          identity.id,
          options.server_tags,
          options.server_metadata,
          options.feature_flags,
          options.jetstream_enabled,
          options.jetstream_enabled ? options.jetstream.domain : std::string()};
}

void write_server(codec::JsonWriter& json, const ServerFacts& facts, std::uint64_t sequence,
                  WallTime now) {
  json.key("server");
  write_server_object(json, facts, sequence, now);
}

void write_server_object(codec::JsonWriter& json, const ServerFacts& facts, std::uint64_t sequence,
                         WallTime now) {
  json.begin_object()
      .field("name", facts.name)
      .field("host", facts.host)
      .field("id", facts.id)
      .field_unless_empty("domain", facts.domain)
      .field("ver", kCompatibilityVersion);
  if (!facts.tags.empty()) {
    json.key("tags").begin_array();
    for (const std::string& tag : facts.tags) json.value(tag);
    json.end_array();
  }
  if (!facts.metadata.empty()) {
    json.key("metadata").begin_object();
    for (const auto& [name, value] : facts.metadata) json.field(name, value);
    json.end_object();
  }
  json.key("feature_flags");
  write_feature_flags(json, facts.feature_flags);
  json.field("jetstream", facts.jetstream).field("flags", facts.jetstream ? kJetStreamFlags : 0);
  json.field("seq", sequence).field("time", now);
  json.end_object();
}

}  // namespace midge::server
