#include "server/reload.h"

#include <string>
#include <vector>

namespace midge::server {

namespace {

// One option as the reload sees it: how it is called, and its value as text.
struct Field {
  std::string name;
  std::string value;
};

std::string text_of(Duration duration) { return std::to_string(duration.ns / 1000000) + "ms"; }
std::string text_of(bool value) { return value ? "true" : "false"; }

std::vector<Field> fixed_fields(const Options& options) {
  return {
      {"Host", options.host},
      {"Port", std::to_string(options.port)},
      {"ServerName", options.server_name},
      {"HTTPHost", options.http_host},
      {"HTTPPort", std::to_string(options.http_port)},
      {"HTTPBasePath", options.http_base_path},
      {"MaxPending", std::to_string(options.max_pending)},
      {"MaxSubs", std::to_string(options.max_subscriptions)},
      {"MaxSubTokens", std::to_string(options.max_sub_tokens)},
      {"NoHeaderSupport", text_of(options.no_header_support)},
      {"NoSublistCache", text_of(options.disable_sublist_cache)},
      {"LameDuckDuration", text_of(options.lame_duck_duration)},
      {"LameDuckGracePeriod", text_of(options.lame_duck_grace_period)},
      {"Loops", std::to_string(options.loops)},
      {"SlowConsumerPolicy", std::to_string(static_cast<int>(options.slow_consumer_policy))},
      {"ConnectionPlacement", std::to_string(static_cast<int>(options.connection_placement))},
  };
}

std::vector<Field> changeable_fields(const Options& options) {
  return {
      {"debug", text_of(options.debug)},
      {"trace", text_of(options.trace)},
      {"trace_headers", text_of(options.trace_headers)},
      {"logtime", text_of(options.logtime)},
      {"logtime_utc", text_of(options.logtime_utc)},
      {"log_file", options.log_file},
      {"syslog", text_of(options.syslog)},
      {"remote_syslog", options.remote_syslog},
      {"max_traced_msg_len", std::to_string(options.max_traced_msg_len)},
      {"max_connections", std::to_string(options.max_connections)},
      {"max_control_line", std::to_string(options.max_control_line)},
      {"max_payload", std::to_string(options.max_payload)},
      {"ping_interval", text_of(options.ping_interval)},
      {"ping_max", std::to_string(options.ping_max)},
      {"write_deadline", text_of(options.write_deadline)},
      {"no_fast_producer_stall", text_of(options.no_fast_producer_stall)},
  };
}

}  // namespace

Result<void> check_reload(const Options& old_options, const Options& new_options) {
  const auto before = fixed_fields(old_options);
  const auto after = fixed_fields(new_options);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].value == after[i].value) continue;
    return failure("config reload not supported for " + before[i].name +
                   ": old=" + before[i].value + ", new=" + after[i].value);
  }
  return {};
}

void log_reload(Log& log, const Options& old_options, const Options& new_options) {
  const auto before = changeable_fields(old_options);
  const auto after = changeable_fields(new_options);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i].value != after[i].value)
      log.info("Reloaded: " + after[i].name + " = " + after[i].value);
}

}  // namespace midge::server
