#include "server/options/readers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.h"
#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/host_port.h"
#include "server/options/quoted.h"
#include "server/options/table.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;
using conf::Value;

bool is_text(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kString) return true;
  wrong_type(member, "string", findings);
  return false;
}

bool is_integer(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kInteger) return true;
  wrong_type(member, "int64", findings);
  return false;
}

int saturated(std::int64_t value) {
  return static_cast<int>(std::clamp<std::int64_t>(value, std::numeric_limits<int>::min(),
                                                   std::numeric_limits<int>::max()));
}

// Durations that must be written as such: nothing if the text is not one.
std::optional<Duration> strict_duration(const Member& member, std::string_view key,
                                        Findings& findings) {
  if (!is_text(member, findings)) return std::nullopt;
  Result<Duration> duration = conf::parse_duration(member.value.text);
  if (duration) return *duration;
  findings.error(member.position,
                 "error parsing " + std::string(key) + ": " + duration.error().text());
  return std::nullopt;
}

template <class Choice, std::size_t size>
void read_choice(const Member& member,
                 const std::array<std::pair<const char*, Choice>, size>& known, const char* error,
                 Choice& choice, Findings& findings) {
  if (!is_text(member, findings)) return;
  for (const auto& [name, value] : known) {
    if (member.value.text != name) continue;
    choice = value;
    return;
  }
  findings.error(member.position, error);
}

void add_tag(std::string_view text, std::vector<std::string>& tags) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return;
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  std::string tag = lower_case(text);
  if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
}

}  // namespace

void read_address(const Member& member, std::string& host, int& port, Findings& findings) {
  if (member.value.kind == Kind::kInteger) {
    port = saturated(member.value.integer);
    return;
  }
  if (member.value.kind != Kind::kString) {
    findings.error(member.position,
                   "expected port or host:port, got " + std::string(member.value.type_name()));
    return;
  }
  Result<HostPort> address = parse_listen_address(member.value.text);
  if (!address) {
    findings.error(member.position, address.error().text());
    return;
  }
  host = std::move(address->host);
  port = address->port;
}

void read_listen(const Member& member, Options& options, Findings& findings) {
  read_address(member, options.host, options.port, findings);
}

void read_http(const Member& member, Options& options, Findings& findings) {
  read_address(member, options.http_host, options.http_port, findings);
}

void read_https(const Member& member, Options& options, Findings& findings) {
  read_address(member, options.http_host, options.https_port, findings);
}

void read_server_name(const Member& member, Options& options, Findings& findings) {
  if (!is_text(member, findings)) return;
  if (member.value.text.find(' ') != std::string::npos) {
    findings.error(member.position, "server name cannot contain spaces");
    return;
  }
  options.server_name = member.value.text;
}

void read_server_tags(const Member& member, Options& options, Findings& findings) {
  std::vector<std::string> tags;
  if (member.value.kind == Kind::kString) {
    add_tag(member.value.text, tags);
  } else if (member.value.kind == Kind::kArray) {
    for (const Value& item : member.value.items) {
      if (item.kind != Kind::kString) {
        // The type's name is nats-server's; the place and the true type are ours.
        findings.error(member.position,
                       "error parsing tags: unsupported type *conf.token where string is expected "
                       "(found a " +
                           std::string(item.type_name()) + " at " + conf::to_string(item.position) +
                           ")");
        return;
      }
      add_tag(item.text, tags);
    }
  } else {
    findings.error(member.position,
                   "error parsing tags: unsupported type " + std::string(member.value.type_name()));
    return;
  }
  options.server_tags = std::move(tags);
}

void read_server_metadata(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "error parsing metadata: unsupported type " +
                                        std::string(member.value.type_name()));
    return;
  }
  std::map<std::string, std::string> metadata;
  for (const Member& entry : member.value.members)
    if (is_text(entry, findings)) metadata[entry.key] = entry.value.text;
  options.server_metadata = std::move(metadata);
}

void read_feature_flags(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "error parsing feature flags: unsupported type " +
                                        std::string(member.value.type_name()));
    return;
  }
  std::map<std::string, bool> flags;
  for (const Member& entry : member.value.members) {
    if (entry.value.kind == Kind::kBool)
      flags[entry.key] = entry.value.boolean;
    else
      findings.error(entry.position, "error parsing feature flag " + quoted(entry.key) +
                                         ": expected bool, got " + entry.value.type_name());
  }
  options.feature_flags = std::move(flags);
}

void read_max_connections(const Member& member, Options& options, Findings& findings) {
  if (!is_integer(member, findings)) return;
  // A zero refuses everybody, while an absent key means the default.
  options.max_connections = member.value.integer == 0 ? -1 : member.value.integer;
}

void read_max_sub_tokens(const Member& member, Options& options, Findings& findings) {
  if (!is_integer(member, findings)) return;
  constexpr std::int64_t kMost = 255;
  if (member.value.integer > kMost)
    findings.error(member.position, member.key + " value is too big");
  else if (member.value.integer <= 0)
    findings.error(member.position, member.key + " value can not be negative");
  else
    options.max_sub_tokens = static_cast<int>(member.value.integer);
}

void read_write_timeout(const Member& member, Options& options, Findings& findings) {
  constexpr std::array<std::pair<const char*, WriteTimeoutPolicy>, 3> kKnown{{
      {"default", WriteTimeoutPolicy::kDefault},
      {"close", WriteTimeoutPolicy::kClose},
      {"retry", WriteTimeoutPolicy::kRetry},
  }};
  read_choice(member, kKnown, "write_timeout must be 'default', 'close' or 'retry'",
              options.write_timeout, findings);
}

void read_lame_duck_duration(const Member& member, Options& options, Findings& findings) {
  const auto duration = strict_duration(member, "lame_duck_duration", findings);
  if (!duration) return;
  if (*duration < seconds(30))
    findings.error(member.position, "invalid lame_duck_duration of " +
                                        conf::format_duration(*duration) +
                                        ", minimum is 30 seconds");
  else
    options.lame_duck_duration = *duration;
}

void read_lame_duck_grace_period(const Member& member, Options& options, Findings& findings) {
  const auto duration = strict_duration(member, "lame_duck_grace_period", findings);
  if (!duration) return;
  if (*duration < Duration{0})
    findings.error(member.position, "invalid lame_duck_grace_period, needs to be positive");
  else if (*duration > Duration{0})
    options.lame_duck_grace_period = *duration;
}

void read_loops(const Member& member, Options& options, Findings& findings) {
  if (!is_integer(member, findings)) return;
  if (member.value.integer < 0 || member.value.integer > kLoopsMax)
    findings.error(member.position,
                   "loops must be between 0 (one per core) and " + std::to_string(kLoopsMax));
  else
    options.loops = static_cast<unsigned>(member.value.integer);
}

void read_slow_consumer_policy(const Member& member, Options& options, Findings& findings) {
  constexpr std::array<std::pair<const char*, SlowConsumerPolicy>, 3> kKnown{{
      {"close", SlowConsumerPolicy::kClose},
      {"drop_new", SlowConsumerPolicy::kDropNew},
      {"drop_old", SlowConsumerPolicy::kDropOld},
  }};
  read_choice(member, kKnown, "slow_consumer_policy must be 'close', 'drop_new' or 'drop_old'",
              options.slow_consumer_policy, findings);
}

void read_connection_placement(const Member& member, Options& options, Findings& findings) {
  constexpr std::array<std::pair<const char*, ConnectionPlacement>, 2> kKnown{{
      {"first_idle", ConnectionPlacement::kFirstIdle},
      {"spread", ConnectionPlacement::kSpread},
  }};
  read_choice(member, kKnown, "connection_placement must be 'first_idle' or 'spread'",
              options.connection_placement, findings);
}

void read_log_format(const Member& member, Options& options, Findings& findings) {
  constexpr std::array<std::pair<const char*, bool>, 2> kKnown{{{"text", false}, {"json", true}}};
  read_choice(member, kKnown, "log_format must be 'text' or 'json'", options.log_json, findings);
}

void refuse(const Member& member, Options&, Findings& findings) {
  findings.error(member.position, "\"" + member.key + "\" is not supported yet");
}

void refuse_unless_false(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kBool || member.value.boolean) refuse(member, options, findings);
}

}  // namespace midge::server
