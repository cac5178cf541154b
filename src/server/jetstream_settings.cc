#include "server/jetstream_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "jetstream/headers.h"
#include "server/monitor/duration_text.h"
#include "server/operator/zone_files.h"

namespace midge::server {
namespace {

constexpr std::int64_t kStoreUnknown = std::int64_t{1} << 40;
constexpr std::int64_t kMemoryUnknown = std::int64_t{256} << 20;
constexpr std::string_view kGlobalAccount = "$G";

std::int64_t three_quarters(std::int64_t bytes) { return bytes / 4 * 3; }

std::int64_t memory_of(io::Process& process) {
  std::int64_t memory = process.memory();
  if (const auto quota = process.memory_quota(); quota && (memory == 0 || *quota < memory))
    memory = *quota;
  return memory > 0 ? three_quarters(memory) : kMemoryUnknown;
}

// Of the disk that the folder, or what there is of its parents, is on.
std::int64_t store_of(io::Disk& disk, std::string folder) {
  while (!folder.empty() && !disk.exists(folder)) {
    const std::size_t slash = folder.rfind('/');
    folder.resize(slash == std::string::npos ? 0 : slash);
  }
  const auto space = disk.space(folder.empty() ? "." : folder);
  if (!space || space->available == 0) return kStoreUnknown;
  return three_quarters(static_cast<std::int64_t>(space->available));
}

// Zero is an amount like others if it was written down.
std::int64_t given_or(const std::optional<std::int64_t>& given, auto found) {
  return given && *given >= 0 ? *given : found();
}

// `953.67 MB`, as nats-server shows sizes.
std::string friendly(std::int64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  double size = static_cast<double>(bytes);
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  for (size /= 1024; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return fmt::format("{:.2f} {}B", size, kUnits[unit]);
}

// Without accounts of its own, everybody is in the global one and may use JetStream.
bool has_only_the_global_account(const Options& options) {
  const std::string system = system_account_name(options);
  return std::ranges::all_of(options.accounts, [&](const broker::AccountConfig& account) {
    return account.name == kGlobalAccount || account.name == system;
  });
}

void log_settings(Log& log, const jetstream::Settings& settings, const std::string& path) {
  log.info("---------------- JETSTREAM ----------------");
  if (settings.limits.strict) log.info("  Strict:          true");
  log.info("  Max Memory:      " + friendly(settings.limits.max_memory));
  log.info("  Max Storage:     " + friendly(settings.limits.max_store));
  log.info("  Store Directory: \"" + path + "\"");
  if (!settings.domain.empty()) log.info("  Domain:          " + settings.domain);
  log.info("  Synced:          " + (settings.sync_interval.ns > 0
                                        ? "every " + go_duration(settings.sync_interval)
                                        : std::string("before each acknowledgement")));
  log.info("  API Level:       " + std::to_string(jetstream::kApiLevel));
  log.info("-------------------------------------------");
}

}  // namespace

jetstream::Settings jetstream_settings(const Options& options, const Identity& identity,
                                       io::Env& env) {
  jetstream::Settings settings;
  const JetStreamOptions& from = options.jetstream;
  settings.store_dir = options.store_dir.empty()
                           ? env.process().temp_directory() + "/nats/jetstream"
                           : options.store_dir;
  settings.domain = from.domain;
  settings.unique_tag = from.unique_tag;
  settings.server_name = identity.name;
  settings.server_id = identity.id;
  settings.version = kCompatibilityVersion;
  settings.zones = std::make_shared<ZoneFiles>(env.disk());
  settings.sync_interval = from.sync_interval.ns > 0 ? from.sync_interval : Duration{};
  jetstream::ServerLimits& limits = settings.limits;
  limits.max_memory = given_or(from.max_memory, [&] { return memory_of(env.process()); });
  limits.max_store =
      given_or(from.max_store, [&] { return store_of(env.disk(), settings.store_dir); });
  limits.strict = from.strict;
  limits.duplicate_window = from.duplicate_window;
  limits.max_ack_pending = from.max_ack_pending;
  limits.max_request_batch = from.max_request_batch;
  limits.max_ha_assets = from.max_ha_assets;
  limits.default_max_consumers = from.default_max_consumers;
  for (const broker::AccountConfig& account : options.accounts)
    if (account.jetstream)
      settings.accounts.push_back({account.name, *account.jetstream});
    else if (account.name != kGlobalAccount)
      settings.accounts_without.push_back(account.name);
  if (has_only_the_global_account(options) && options.auth.operator_jwts.empty())
    settings.accounts.push_back({std::string(kGlobalAccount), {}});
  return settings;
}

Result<std::unique_ptr<jetstream::JetStream>> start_jetstream(io::Env& env, Log& log,
                                                              broker::Broker& broker,
                                                              const Options& options,
                                                              const Identity& identity) {
  const MonoTime begin = env.clock().now();
  log.info("Starting JetStream");
  if (options.store_dir.empty())
    log.warn("Temporary storage directory used, data could be lost on system reboot");
  jetstream::Settings settings = jetstream_settings(options, identity, env);
  if (env.disk().exists(settings.store_dir) && !env.disk().is_directory(settings.store_dir))
    return failure("Can't start JetStream: storage directory is not a directory");
  auto started = jetstream::JetStream::create(env, log, broker, std::move(settings));
  if (!started) return std::unexpected(started.error().within("Can't start JetStream"));
  log_settings(log, (*started)->settings(), (*started)->folder().path());
  log.info("Took " + go_duration(env.clock().now() - begin) + " to start JetStream");
  return started;
}

void reload_jetstream(jetstream::JetStream& jetstream, const Options& options,
                      const Identity& identity, io::Env& env) {
  jetstream::Settings settings = jetstream_settings(options, identity, env);
  const std::shared_ptr<const jetstream::ServerLimits> before = jetstream.limits();
  const auto is_given = [](const auto& size) { return size && *size >= 0; };
  if (!is_given(options.jetstream.max_memory)) settings.limits.max_memory = before->max_memory;
  if (!is_given(options.jetstream.max_store)) settings.limits.max_store = before->max_store;
  jetstream.reconfigure(settings);
}

std::vector<broker::MappingConfig> domain_mappings(const std::string& domain) {
  std::vector<broker::MappingConfig> mappings;
  if (domain.empty()) return mappings;
  const std::string prefix = "$JS." + domain + ".API.";
  const auto map = [&](const std::string& what, const std::string& to) {
    mappings.push_back({prefix + what, {{to, 100, ""}}});
  };
  map("INFO", "$JS.API.INFO");
  for (const char* what : {"STREAM.>", "CONSUMER.>", "DIRECT.>", "META.>", "SERVER.>", "ACCOUNT.>"})
    map(what, std::string("$JS.API.") + what);
  for (const char* what : {"$KV.>", "$OBJ.>"}) map(what, what);
  return mappings;
}

}  // namespace midge::server
