// Goal: the log at start says which flags are set, in nats-server's words. Method: a table of what
// nats-server 2.15.2 logs. [LOG-10]
#include "server/feature_flags.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

TEST_CASE("feature flags: what the log says") {
  const struct {
    FeatureFlagSettings settings;
    std::vector<std::string> lines;
  } rows[] = {
      {{}, {}},
      {{{"js_ack_fc_v2", true}}, {"  Feature flags:", "    Configured:    js_ack_fc_v2 (opt-in)"}},
      {{{"js_raft_delete_range", true}, {"js_ack_fc_v2", false}},
       {"  Feature flags:",
        "    Configured:    js_ack_fc_v2 (disabled), js_raft_delete_range (enabled)"}},
      {{{"js_raft_delete_range", false}, {"nope2", false}, {"nope", true}},
       {"  Feature flags:", "    Configured:    js_raft_delete_range (opt-out)",
        "    Unsupported:   nope, nope2"}},
      {{{"nope", true}},
       {"  Feature flags:", "    Configured:    none", "    Unsupported:   nope"}},
  };
  for (const auto& row : rows) CHECK(feature_flag_lines(row.settings) == row.lines);
}

TEST_CASE("feature flags: known ones are told, as set or as they are") {
  codec::JsonWriter json;
  write_feature_flags(json, {{"js_ack_fc_v2", true}, {"nope", true}});
  CHECK(json.text() ==
        R"({"js_ack_fc_v2":true,"js_api_reply_v2":false,"js_raft_delete_range":true,)"
        R"("js_snapshot_sources":false})");
}

}  // namespace
}  // namespace midge::server
