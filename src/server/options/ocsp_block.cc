#include "server/options/ocsp_block.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;
using conf::Value;
using tls::OcspPeerRules;

std::string unsupported_type(const Value& value) {
  return std::string("unsupported type ") + value.type_name();
}

// ---- ocsp

// A wrong type inside is reported for the whole block, as the peer does.
void wrong_part(const Member& block, const Member& part, std::string_view wanted,
                Findings& findings) {
  findings.error(block.position, std::string("interface conversion: interface {} is ") +
                                     part.value.type_name() + ", not " + std::string(wanted) +
                                     " (of " + quoted(part.key) + ")");
}

void read_mode(const Member& block, const Member& part, OcspConfig& config, Findings& findings) {
  constexpr std::array<std::pair<std::string_view, OcspMode>, 4> kModes{{
      {"auto", OcspMode::kAuto},
      {"always", OcspMode::kAlways},
      {"never", OcspMode::kNever},
      {"must", OcspMode::kMust},
  }};
  if (part.value.kind != Kind::kString) return wrong_part(block, part, "string", findings);
  const std::string word = lower_case(part.value.text);
  const auto* const found =
      std::ranges::find(kModes, word, [](const auto& mode) { return mode.first; });
  if (found != kModes.end())
    config.mode = found->second;
  else
    findings.error(part.position, "error parsing ocsp config: unsupported ocsp mode string (" +
                                      quoted(part.value.text) +
                                      " is none of auto, always, must, never)");
}

void read_urls(const Member& block, const Member& part, OcspConfig& config, Findings& findings) {
  auto urls = texts_of(part.value, findings);
  if (urls)
    config.urls = *std::move(urls);
  else
    wrong_part(block, part, "[]string", findings);
}

// Keys are compared exactly here.
void read_stapling(const Member& block, OcspConfig& config, Findings& findings) {
  for (const Member& part : block.value.members) {
    if (part.key == "mode") {
      read_mode(block, part, config, findings);
    } else if (part.key == "urls") {
      read_urls(block, part, config, findings);
    } else if (part.key == "url") {
      if (part.value.kind == Kind::kString)
        config.urls = {part.value.text};
      else
        wrong_part(block, part, "string", findings);
    } else {
      findings.error(part.position, "error parsing ocsp config: unsupported field string (" +
                                        quoted(part.key) + ")");
    }
  }
}

// ---- what the two caches of answers share

constexpr std::int64_t kMost = 9'000'000'000;  // seconds that fit a Duration

// A number of seconds, or a duration. Errors: what is wrong with it.
Result<Duration> seconds_or_duration(const Value& value) {
  if (value.kind == Kind::kInteger) return seconds(std::clamp(value.integer, -kMost, kMost));
  if (value.kind == Kind::kFloat) {
    const double count = std::clamp(value.number, -9e9, 9e9);
    return Duration{static_cast<std::int64_t>(count * 1e9)};
  }
  if (value.kind == Kind::kString) return conf::parse_duration(value.text);
  return failure("unexpected type");
}

bool is_text(const Member& part) { return part.value.kind == Kind::kString; }
bool is_switch(const Member& part) { return part.value.kind == Kind::kBool; }

// ---- ocsp_cache

// Errors: a text for the log. Unknown names and wrong types are one to the peer.
Result<void> read_cache_part(const Member& part, OcspCacheConfig& config) {
  const std::string name = lower_case(part.key);
  if (name == "type" && is_text(part)) {
    const std::string type = lower_case(part.value.text);
    if (type != "none" && type != "local")
      return failure("error parsing OCSP peer cache config, unknown type [" + part.value.text +
                     "]");
    config.local = type == "local";
  } else if (name == "local_store" && is_text(part)) {
    config.local_store = part.value.text;
  } else if (name == "preserve_revoked" && is_switch(part)) {
    config.preserve_revoked = part.value.boolean;
  } else if (name == "save_interval") {
    const Result<Duration> interval = seconds_or_duration(part.value);
    if (!interval)
      return failure(std::string("error parsing ") +
                     (is_text(part) ? "tls peer config" : "OCSP peer cache config") +
                     ", conversion error: " + interval.error().text());
    config.save_interval = std::max(seconds(interval->ns / 1'000'000'000), seconds(1));
  } else {
    return failure("error parsing OCSP peer cache config, unknown field [" + quoted(part.key) +
                   "]");
  }
  return {};
}

// ---- ocsp_peer

struct Switch {
  std::string_view name;
  bool OcspPeerRules::*field;
};
constexpr Switch kSwitches[] = {
    {"verify", &OcspPeerRules::verify},
    {"warn_only", &OcspPeerRules::warn_only},
    {"unknown_is_good", &OcspPeerRules::unknown_is_good},
    {"allow_when_ca_unreachable", &OcspPeerRules::allow_when_ca_unreachable},
};

struct Time {
  std::string_view name;
  Duration OcspPeerRules::*field;
};
constexpr Time kTimes[] = {
    {"allowed_clockskew", &OcspPeerRules::clock_skew},
    {"ca_timeout", &OcspPeerRules::ca_timeout},
    {"cache_ttl_when_next_update_unset", &OcspPeerRules::unset_ttl},
};

Result<void> read_peer_part(const Member& part, OcspPeerRules& rules) {
  const std::string name = lower_case(part.key);
  for (const Switch& one : kSwitches) {
    if (name != one.name || !is_switch(part)) continue;
    rules.*one.field = part.value.boolean;
    return {};
  }
  for (const Time& one : kTimes) {
    if (name != one.name) continue;
    const Result<Duration> time = seconds_or_duration(part.value);
    if (!time) {
      return failure("error parsing tls peer config, conversion error: " +
                     (name == "allowed_clockskew" ? "unexpected type" : time.error().text()));
    }
    if (time->ns >= 0) rules.*one.field = *time;
    return {};
  }
  return failure("error parsing tls peer config, unknown field [" + quoted(part.key) + "]");
}

}  // namespace

void read_ocsp(const Member& member, Options& options, Findings& findings) {
  OcspConfig config;
  if (member.value.kind == Kind::kBool)
    config.mode = member.value.boolean ? OcspMode::kAuto : OcspMode::kNever;
  else if (member.value.kind == Kind::kMap)
    read_stapling(member, config, findings);
  else
    findings.error(member.position, "error parsing ocsp config: " + unsupported_type(member.value));
  options.ocsp = std::move(config);
}

void read_ocsp_cache(const Member& member, Options& options, Findings& findings) {
  OcspCacheConfig config;
  if (member.value.kind == Kind::kBool) {
    config.local = member.value.boolean;
  } else if (member.value.kind == Kind::kMap) {
    for (const Member& part : member.value.members)
      if (const Result<void> read = read_cache_part(part, config); !read)
        findings.error(part.position, read.error().text());
  } else {
    // The peer calls it tags.
    findings.error(member.position, "error parsing tags: " + unsupported_type(member.value) +
                                        " (of \"ocsp_cache\")");
  }
  options.ocsp_cache = std::move(config);
}

void read_ocsp_peer(const Member& member, OcspPeerRules& rules, Findings& findings) {
  rules = {};
  if (member.value.kind == Kind::kBool) {
    rules.verify = member.value.boolean;
  } else if (member.value.kind == Kind::kMap) {
    for (const Member& part : member.value.members)
      if (const Result<void> read = read_peer_part(part, rules); !read)
        findings.error(member.position,
                       conf::to_string(part.position) + ": " + read.error().text());
  } else {
    // The type's name is the peer's; the true type is ours.
    findings.error(member.position, std::string("error parsing ocsp peer config: unsupported type "
                                                "map[string]interface {} (found ") +
                                        member.value.type_name() + ")");
  }
}

}  // namespace midge::server
