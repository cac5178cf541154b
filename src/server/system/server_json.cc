#include "server/system/server_json.h"

#include <string_view>
#include <utility>

#include "server/options/options.h"

namespace midge::server {
namespace {

constexpr std::pair<std::string_view, bool> kFeatureFlags[] = {
    {"js_ack_fc_v2", false},
    {"js_api_reply_v2", false},
    {"js_raft_delete_range", true},
    {"js_snapshot_sources", false},
};

}  // namespace

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
  json.key("feature_flags").begin_object();
  for (const auto& [name, preset] : kFeatureFlags) json.field(name, preset);
  json.end_object();
  json.field("jetstream", false).field("flags", 0).field("seq", sequence).field("time", now);
  json.end_object();
}

}  // namespace midge::server
