#include "server/feature_flags.h"

#include <algorithm>

namespace midge::server {
namespace {

constexpr FeatureFlag kKnown[] = {
    {"js_ack_fc_v2", false},
    {"js_api_reply_v2", false},
    {"js_raft_delete_range", true},
    {"js_snapshot_sources", false},
};

std::string_view label(bool preset, bool value) {
  if (preset != value) return value ? "opt-in" : "opt-out";
  return value ? "enabled" : "disabled";
}

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

std::span<const FeatureFlag> known_feature_flags() { return kKnown; }

bool is_set(const FeatureFlagSettings& settings, std::string_view name) {
  if (const auto set = settings.find(std::string(name)); set != settings.end()) return set->second;
  const auto* known = std::ranges::find(kKnown, name, &FeatureFlag::name);
  return known != std::end(kKnown) && known->preset;
}

void write_feature_flags(codec::JsonWriter& json, const FeatureFlagSettings& settings) {
  json.begin_object();
  for (const FeatureFlag& flag : kKnown) json.field(flag.name, is_set(settings, flag.name));
  json.end_object();
}

std::vector<std::string> feature_flag_lines(const FeatureFlagSettings& settings) {
  if (settings.empty()) return {};
  std::string configured, unsupported;
  for (const auto& [name, value] : settings) {
    const auto* known = std::ranges::find(kKnown, name, &FeatureFlag::name);
    if (known == std::end(kKnown))
      append(unsupported, name);
    else
      append(configured, name + " (" + std::string(label(known->preset, value)) + ")");
  }
  std::vector<std::string> lines{"  Feature flags:"};
  lines.push_back("    Configured:    " + (configured.empty() ? "none" : configured));
  if (!unsupported.empty()) lines.push_back("    Unsupported:   " + unsupported);
  return lines;
}

}  // namespace midge::server
