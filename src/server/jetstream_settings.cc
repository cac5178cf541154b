#include "server/jetstream_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "jetstream/headers.h"
#include "server/feature_flags.h"
#include "server/monitor/duration_text.h"
#include "server/operator/operator_mode.h"
#include "server/operator/zone_files.h"
#include "server/options/friendly_size.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

constexpr std::int64_t kStoreUnknown = std::int64_t{1} << 40;
constexpr std::int64_t kMemoryUnknown = std::int64_t{256} << 20;
constexpr std::string_view kGlobalAccount = "$G";

std::int64_t three_quarters(std::int64_t bytes) { return bytes / 4 * 3; }

// `limit`: memory_limit.
std::int64_t memory_of(io::Process& process, std::int64_t limit) {
  std::int64_t memory = process.memory();
  if (const auto quota = process.memory_quota(); quota && (memory == 0 || *quota < memory))
    memory = *quota;
  if (limit > 0 && (memory == 0 || limit < memory)) memory = limit;
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

// Without accounts of its own, everybody is in the global one and may use JetStream.
bool has_only_the_global_account(const Options& options) {
  const std::string system = system_account_name(options);
  return std::ranges::all_of(options.accounts, [&](const broker::AccountConfig& account) {
    return account.name == kGlobalAccount || account.name == system;
  });
}

// Whether another account's JetStream answers what this one asks of the API.
bool asks_elsewhere(const broker::AccountConfig& account) {
  return std::ranges::any_of(account.imports, [](const broker::ImportConfig& import) {
    const std::string& here = import.to.empty() ? import.subject : import.to;
    return import.is_service && subject::matches("$JS.API.INFO", here);
  });
}

// What an account's claim lets it do.
std::optional<jetstream::AccountSettings> account_by_claim(OperatorMode& operators,
                                                           const std::string& name, WallTime now) {
  const auto record = operators.store()->get(name, now);
  if (!record) return std::nullopt;
  const auto converted = convert_accounts(std::span(&*record, 1), now);
  const broker::AccountConfig& account = converted.accounts.front();
  if (!account.jetstream) return std::nullopt;
  return jetstream::AccountSettings{account.name, *account.jetstream, account.title};
}

void log_settings(Log& log, const jetstream::Settings& settings, const std::string& path) {
  log.info("---------------- JETSTREAM ----------------");
  if (settings.limits.strict) log.info("  Strict:          true");
  log.info("  Max Memory:      " + friendly_size(settings.limits.max_memory));
  log.info("  Max Storage:     " + friendly_size(settings.limits.max_store));
  log.info("  Store Directory: \"" + path + "\"");
  if (!settings.domain.empty()) log.info("  Domain:          " + settings.domain);
  if (!settings.keys.key.empty())
    log.info(std::string("  Encryption:      ") + crypto::name_of(settings.keys.cipher));
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
  settings.long_ack_subjects = is_set(options.feature_flags, "js_ack_fc_v2");
  settings.server_name = identity.name;
  settings.server_id = identity.id;
  settings.version = kCompatibilityVersion;
  settings.zones = std::make_shared<ZoneFiles>(env.disk());
  settings.sync_interval = from.sync_interval.ns > 0 ? from.sync_interval : Duration{};
  settings.keys = {from.cipher, from.key, from.previous_key};
  settings.checkpoint_every = from.checkpoint_every;
  settings.read_at_once = from.read_at_once;
  jetstream::ServerLimits& limits = settings.limits;
  limits.max_memory =
      given_or(from.max_memory, [&] { return memory_of(env.process(), options.memory_limit); });
  limits.max_store =
      given_or(from.max_store, [&] { return store_of(env.disk(), settings.store_dir); });
  limits.strict = from.strict;
  limits.duplicate_window = from.duplicate_window;
  limits.max_ack_pending = from.max_ack_pending;
  limits.max_request_batch = from.max_request_batch;
  limits.max_ha_assets = from.max_ha_assets;
  limits.default_max_consumers = from.default_max_consumers;
  limits.batches = {from.batch_inflight_per_stream, from.batch_inflight_total, from.batch_messages,
                    from.batch_timeout};
  const auto set = [](std::int64_t& limit, std::int64_t given) {
    if (given > 0) limit = given;
  };
  set(limits.max_buffered_messages, from.max_buffered_msgs);
  set(limits.max_buffered_bytes, from.max_buffered_size);
  set(limits.request_queue, from.request_queue_limit);
  set(limits.info_queue, from.info_queue_limit > 0 ? from.info_queue_limit : limits.request_queue);
  for (const broker::AccountConfig& account : options.accounts)
    if (account.jetstream)
      settings.accounts.push_back({account.name, *account.jetstream, account.title});
    else if (account.name != kGlobalAccount && !asks_elsewhere(account))
      settings.accounts_without.push_back(account.name);
  // Claims become known one by one.
  settings.names_all_accounts = !OperatorMode::is_wanted(options);
  if (has_only_the_global_account(options) && !OperatorMode::is_wanted(options))
    settings.accounts.push_back({std::string(kGlobalAccount), {}, {}});
  return settings;
}

Result<std::unique_ptr<jetstream::JetStream>> start_jetstream(io::Env& env, Log& log,
                                                              broker::Broker& broker,
                                                              const Options& options,
                                                              const Identity& identity,
                                                              OperatorMode* operators) {
  const MonoTime begin = env.clock().now();
  log.info("Starting JetStream");
  if (options.store_dir.empty())
    log.warn("Temporary storage directory used, data could be lost on system reboot");
  jetstream::Settings settings = jetstream_settings(options, identity, env);
  if (operators != nullptr)
    settings.look_up = [operators, &env](const std::string& name) {
      return account_by_claim(*operators, name, env.clock().wall());
    };
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
