#include "server/options/metrics_block.h"

#include <fmt/format.h>

#include "server/options/fields.h"

namespace midge::server {
namespace {

using conf::Member;

template <std::int64_t MetricsConfig::*Field>
void read_count(const Member& member, MetricsConfig& config, Findings& findings) {
  const auto count = integer_of(member, findings);
  if (!count) return;
  if (*count < 0) findings.error(member.position, "metrics " + member.key + " is less than 0");
  config.*Field = *count;
}

void read_exporter_names(const Member& member, MetricsConfig& config, Findings& findings) {
  if (const auto on = boolean_of(member, findings)) config.exporter_names = *on;
}

constexpr BlockKey<MetricsConfig> kKeys[] = {
    {"accounts", read_count<&MetricsConfig::accounts>},
    {"streams", read_count<&MetricsConfig::streams>},
    {"consumers", read_count<&MetricsConfig::consumers>},
    {"exporter_names", read_exporter_names},
};

}  // namespace

void read_metrics(const Member& member, Options& options, Findings& findings) {
  if (!is_map(member, findings)) return;
  options.metrics = {};
  read_block(member.value, kKeys, options.metrics, findings);
}

std::string show_metrics(const Options& options) {
  const MetricsConfig& config = options.metrics;
  return fmt::format("accounts {}, streams {}, consumers {}, exporter_names {}", config.accounts,
                     config.streams, config.consumers, config.exporter_names);
}

}  // namespace midge::server
