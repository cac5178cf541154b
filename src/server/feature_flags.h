// Flags by which nats-server's users try what is new: known ones with their presets. Midge takes
// and shows them; the parts they belong to look here.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json_writer.h"

namespace midge::server {

struct FeatureFlag {
  std::string_view name;
  bool preset;
};

// By name.
[[nodiscard]] std::span<const FeatureFlag> known_feature_flags();

// As the configuration sets them, known or not.
using FeatureFlagSettings = std::map<std::string, bool>;

// Of a known flag: as it is set, or else as it is preset.
[[nodiscard]] bool is_set(const FeatureFlagSettings& settings, std::string_view name);

// An object of all known flags.
void write_feature_flags(codec::JsonWriter& json, const FeatureFlagSettings& settings);

// The lines of the log at start that say what is set; none if nothing is.
[[nodiscard]] std::vector<std::string> feature_flag_lines(const FeatureFlagSettings& settings);

}  // namespace midge::server
