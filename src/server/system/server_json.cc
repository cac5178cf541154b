#include "server/system/server_json.h"

namespace midge::server {
ServerFacts facts_of(const Identity& identity, const Options& options) {
  return {identity.name, identity.host, identity.id, options.server_tags, options.feature_flags};
}

void write_server(codec::JsonWriter& json, const ServerFacts& facts, std::uint64_t sequence,
                  WallTime now) {
  json.key("server")
      .begin_object()
      .field("name", facts.name)
      .field("host", facts.host)
      .field("id", facts.id)
      .field("ver", kCompatibilityVersion);
  if (!facts.tags.empty()) {
    json.key("tags").begin_array();
    for (const std::string& tag : facts.tags) json.value(tag);
    json.end_array();
  }
  json.key("feature_flags");
  write_feature_flags(json, facts.feature_flags);
  json.field("jetstream", false).field("flags", 0).field("seq", sequence).field("time", now);
  json.end_object();
}

}  // namespace midge::server
