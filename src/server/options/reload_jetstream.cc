#include "server/options/reload_jetstream.h"

#include <string>

#include "codec/conf/duration.h"
#include "server/options/friendly_size.h"

namespace midge::server {
namespace {

std::unexpected<Error> refused(const std::string& what) {
  return failure("config reload not supported for " + what);
}

bool is_given(const std::optional<std::int64_t>& size) { return size && *size >= 0; }

// Sizes that were found at the start stay as found; those that were given may grow.
Result<void> check_sizes(const JetStreamOptions& now, const JetStreamOptions& next) {
  const bool memory_given = is_given(next.max_memory), store_given = is_given(next.max_store);
  if ((memory_given && !is_given(now.max_memory)) || (store_given && !is_given(now.max_store)))
    return refused("jetstream dynamic max memory and store");
  if ((!memory_given && is_given(now.max_memory)) || (!store_given && is_given(now.max_store)))
    return refused("jetstream max memory and max store");
  if ((memory_given && *next.max_memory < *now.max_memory) ||
      (store_given && *next.max_store < *now.max_store))
    return refused("decreasing jetstream max memory and store");
  return {};
}

struct Fixed {
  const char* name;
  std::string (*show)(const JetStreamOptions& options);
  bool is_secret = false;
};

std::string shown_interval(Duration interval) {
  return interval.ns > 0 ? conf::format_duration(interval) : "always";
}

constexpr std::int64_t kRequestQueue = 10'000;

// What is not given is shown as what holds then.
std::string shown_count(std::int64_t count, std::int64_t otherwise = 0) {
  return std::to_string(count > 0 ? count : otherwise);
}

constexpr Fixed kFixed[] = {
    {"JetStreamKey", [](const JetStreamOptions& o) { return o.key; }, true},
    {"JetStreamOldKey", [](const JetStreamOptions& o) { return o.previous_key; }, true},
    {"JetStreamCipher",
     [](const JetStreamOptions& o) { return std::string(crypto::name_of(o.cipher)); }},
    {"JetStreamDomain", [](const JetStreamOptions& o) { return o.domain; }},
    {"JetStreamUniqueTag", [](const JetStreamOptions& o) { return o.unique_tag; }},
    {"JetStreamExtHint", [](const JetStreamOptions& o) { return o.extension_hint; }},
    {"SyncInterval", [](const JetStreamOptions& o) { return shown_interval(o.sync_interval); }},
    {"JetStreamStrict",
     [](const JetStreamOptions& o) { return std::string(o.strict ? "true" : "false"); }},
    {"JetStreamRequestQueueLimit",
     [](const JetStreamOptions& o) { return shown_count(o.request_queue_limit, kRequestQueue); }},
    {"JetStreamInfoQueueLimit",
     [](const JetStreamOptions& o) {
       const std::int64_t requests = o.request_queue_limit;
       return shown_count(o.info_queue_limit, requests > 0 ? requests : kRequestQueue);
     }},
    {"StreamMaxBufferedMsgs",
     [](const JetStreamOptions& o) { return shown_count(o.max_buffered_msgs); }},
    {"StreamMaxBufferedSize",
     [](const JetStreamOptions& o) { return shown_count(o.max_buffered_size); }},
};

// As far as limits go, the same.
bool limits_change(const JetStreamOptions& now, const JetStreamOptions& next) {
  JetStreamOptions same = now;
  same.max_memory = next.max_memory;
  same.max_store = next.max_store;
  return same != next;
}

}  // namespace

Result<void> plan_jetstream(const Options& now, const Options& next, ReloadPlan& plan) {
  // Switched on or off: refused by the options table. Off, nothing of it matters.
  if (!now.jetstream_enabled || !next.jetstream_enabled) return {};
  if (now.store_dir != next.store_dir) return refused("jetstream storage directory");
  TRY(check_sizes(now.jetstream, next.jetstream));
  if (now.jetstream.max_memory != next.jetstream.max_memory)
    plan.lines.push_back("Reloaded: JetStream max_mem_store = " +
                         friendly_size(*next.jetstream.max_memory));
  if (now.jetstream.max_store != next.jetstream.max_store)
    plan.lines.push_back("Reloaded: JetStream max_file_store = " +
                         friendly_size(*next.jetstream.max_store));
  for (const Fixed& fixed : kFixed) {
    const std::string before = fixed.show(now.jetstream), after = fixed.show(next.jetstream);
    const auto shown = [&](const std::string& text) {
      return fixed.is_secret && !text.empty() ? "[REDACTED]" : text;
    };
    if (before != after)
      return refused(std::string(fixed.name) + ": old=" + shown(before) + ", new=" + shown(after));
  }
  if (limits_change(now.jetstream, next.jetstream))
    plan.lines.emplace_back("Reloaded: JetStream limits");
  return {};
}

}  // namespace midge::server
