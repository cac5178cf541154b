#include "server/monitor/jsz.h"

#include <algorithm>

#include "codec/json_struct.h"
#include "codec/json_writer.h"
#include "jetstream/headers.h"

namespace midge::server {
namespace {

using codec::JsonWriter;
using jetstream::AccountReport;
using jetstream::ConsumerInfo;
using jetstream::Report;
using jetstream::StreamReport;

constexpr std::int64_t kLimitDefault = 1024;
// What nats-server says it syncs by, where each acknowledgement waits for the disk.
constexpr Duration kSyncIntervalShown = minutes(2);

void write_api(JsonWriter& json, int level, std::uint64_t total, std::uint64_t errors) {
  json.key("api").begin_object().field("level", level).field("total", total);
  json.field("errors", errors).end_object();
}

void write_config(JsonWriter& json, const Jsz& jsz, const jetstream::ServerLimits& limits) {
  const jetstream::Settings& settings = *jsz.settings;
  const bool synced_first = settings.sync_interval.ns == 0;
  json.key("config").begin_object().field("max_memory", limits.max_memory);
  json.field("max_storage", limits.max_store).field("store_dir", jsz.store);
  json.field("sync_interval", (synced_first ? kSyncIntervalShown : settings.sync_interval).ns);
  json.field_unless_empty("sync_always", synced_first);
  json.field_unless_empty("domain", settings.domain);
  json.field_unless_empty("compress_ok", jsz.has_room);
  json.field_unless_empty("unique_tag", settings.unique_tag);
  json.field_unless_empty("strict", settings.limits.strict);
  json.end_object();
}

void write_limits(JsonWriter& json, const jetstream::ServerLimits& limits) {
  json.key("limits").begin_object();
  json.field_unless_empty("max_request_batch", limits.max_request_batch);
  json.field_unless_empty("max_ack_pending", limits.max_ack_pending);
  json.field_unless_empty("max_ha_assets", limits.max_ha_assets);
  json.field_unless_empty("max_duplicate_window", limits.duplicate_window.ns);
  json.field_unless_empty("default_max_consumers", limits.default_max_consumers);
  json.end_object();
}

void write_stats(JsonWriter& json, const Report& report, bool enabled = true) {
  json.field("memory", report.memory).field("storage", report.storage);
  json.field("reserved_memory", report.reserved_memory);
  json.field("reserved_storage", report.reserved_storage);
  json.field("accounts", report.accounts.size()).field("ha_assets", 0);
  write_api(json, enabled ? jetstream::kApiLevel : 0, report.api_requests, report.api_errors);
}

// Only if there is any: what a healthy server says is what the peer says.
void write_damage(JsonWriter& json, const Report& report) {
  std::uint64_t messages = 0, bytes = 0;
  for (const StreamReport& stream : report.streams)
    if (const auto& lost = stream.info.state.lost) {
      messages += lost->messages ? lost->messages->size() : 0;
      bytes += lost->bytes;
    }
  const jetstream::Damage& damage = report.damage;
  if (messages == 0 && damage.files == 0 && damage.record_bytes == 0) return;
  json.key("damage").begin_object().field("files", damage.files);
  json.field("lost_messages", messages).field("lost_bytes", bytes);
  json.field("lost_record_bytes", damage.record_bytes).end_object();
}

void write_totals(JsonWriter& json, const Report& report, bool with_leaders) {
  std::uint64_t consumers = 0, messages = 0, bytes = 0;
  for (const StreamReport& stream : report.streams) {
    consumers += stream.consumers.size();
    messages += stream.info.state.messages;
    bytes += stream.info.state.bytes;
  }
  json.field("streams", report.streams.size());
  if (with_leaders) json.field("streams_leader", report.streams.size());
  json.field("consumers", consumers);
  if (with_leaders) json.field("consumers_leader", consumers);
  json.field("messages", messages).field("bytes", bytes);
}

void write_consumers(JsonWriter& json, std::string_view name, const JszRequest& request,
                     const std::vector<ConsumerInfo>& consumers) {
  if (consumers.empty()) return;
  json.key(name).begin_array();
  for (const ConsumerInfo* consumer : jetstream::sorted(consumers)) {
    ConsumerInfo info = *consumer;
    if (!request.config) info.config.reset();
    codec::JsonStructWriter(json).write(info);
  }
  json.end_array();
}

void write_stream(JsonWriter& json, const JszRequest& request, const Jsz& jsz,
                  const StreamReport& stream) {
  const jetstream::StreamInfo& info = stream.info;
  codec::JsonStructWriter writer(json);
  json.begin_object().field("name", info.config.name).field("created", info.created);
  json.key("cluster").begin_object().field("leader", jsz.settings->server_name).end_object();
  if (request.config) {
    json.key("config");
    writer.write(info.config);
  }
  json.key("state");
  writer.write(info.state);
  if (request.consumers) write_consumers(json, "consumer_detail", request, stream.consumers);
  if (request.direct_consumers)
    write_consumers(json, "direct_consumer_detail", request, stream.direct_consumers);
  if (info.mirror) {
    json.key("mirror");
    writer.write(*info.mirror);
  }
  if (!info.sources.empty()) {
    json.key("sources");
    writer.write(info.sources);
  }
  json.end_object();
}

// Those that are asked for, and of them a page.
std::vector<const AccountReport*> page(const JszRequest& request, const Report& report) {
  std::vector<const AccountReport*> all;
  for (const AccountReport& account : report.accounts)
    if (request.account.empty() || account.name == request.account) all.push_back(&account);
  const auto size = static_cast<std::int64_t>(all.size());
  const std::int64_t begin = std::clamp<std::int64_t>(request.offset, 0, size);
  const std::int64_t count = request.limit <= 0 ? kLimitDefault : request.limit;
  return {all.begin() + begin, all.begin() + std::min(size, begin + std::min(count, size))};
}

}  // namespace

void write_account_jsz(JsonWriter& json, const JszRequest& request, const Jsz& jsz,
                       const Report& report, const AccountReport& account) {
  json.begin_object().field("name", account.title.empty() ? account.name : account.title);
  json.field("id", account.name);
  json.field("memory", account.memory).field("storage", account.storage);
  // What its limits are; without any, as nats-server shows them.
  const bool tiered = !account.limits.tiers.empty();
  const auto shown = [&](std::int64_t most) {
    return tiered ? 0 : static_cast<std::uint64_t>(most);
  };
  json.field("reserved_memory", shown(account.limits.max_memory));
  json.field("reserved_storage", shown(account.limits.max_store));
  json.field("accounts", 0).field("ha_assets", 0);
  write_api(json, 0, account.api_requests, account.api_errors);
  const auto is_its = [&](const StreamReport& one) { return one.account == account.name; };
  if (request.streams && std::ranges::any_of(report.streams, is_its)) {
    json.key("stream_detail").begin_array();
    for (const StreamReport* stream : jetstream::sorted(report.streams))
      if (is_its(*stream)) write_stream(json, request, jsz, *stream);
    json.end_array();
  }
  json.end_object();
}

namespace {

// Streams are shown within their accounts, consumers within their streams.
void add_implied(JszRequest& request) {
  request.streams |= request.consumers;
  request.accounts |= request.streams || !request.account.empty();
}

}  // namespace

Result<JszRequest> parse_jsz(const Query& query) {
  JszRequest request;
  ASSIGN_OR_RETURN(request.accounts, query.boolean("accounts"));
  ASSIGN_OR_RETURN(request.streams, query.boolean("streams"));
  ASSIGN_OR_RETURN(request.consumers, query.boolean("consumers"));
  ASSIGN_OR_RETURN(request.direct_consumers, query.boolean("direct-consumers"));
  ASSIGN_OR_RETURN(request.config, query.boolean("config"));
  ASSIGN_OR_RETURN(request.offset, query.integer("offset"));
  ASSIGN_OR_RETURN(request.limit, query.integer("limit"));
  // One server leads all there is.
  TRY(query.boolean("leader-only"));
  ASSIGN_OR_RETURN(request.raft, query.boolean("raft"));
  TRY(query.boolean("stream-leader-only"));
  request.account = query.text("acc");
  add_implied(request);
  return request;
}

std::string compose_jsz(const JszRequest& request, const Jsz& jsz, const Report& report,
                        bool pretty) {
  JsonWriter json(pretty);
  write_jsz(json, request, jsz, report);
  return json.take();
}

void write_jsz(JsonWriter& json, const JszRequest& request, const Jsz& jsz, const Report& report) {
  json.begin_object();
  write_stats(json, report, jsz.settings != nullptr);
  json.field("server_id", jsz.server_id).field("now", jsz.now);
  if (jsz.settings == nullptr) {
    json.field("disabled", true).key("config").begin_object().field("max_memory", 0);
    json.field("max_storage", 0).end_object();
    for (const char* name : {"streams", "consumers", "messages", "bytes", "total"})
      json.field(name, 0);
    json.end_object();
    return;
  }
  write_config(json, jsz, report.limits);
  write_limits(json, report.limits);
  write_totals(json, report, request.raft);
  write_damage(json, report);
  if (const auto accounts = page(request, report); request.accounts && !accounts.empty()) {
    json.key("account_details").begin_array();
    for (const AccountReport* account : accounts)
      write_account_jsz(json, request, jsz, report, *account);
    json.end_array();
  }
  json.field("total", report.accounts.size()).end_object();
}

void write_jetstream(JsonWriter& json, const Jsz& jsz, const Report& report) {
  json.begin_object();
  if (jsz.settings != nullptr) {
    write_config(json, jsz, report.limits);
    json.key("stats").begin_object();
    write_stats(json, report);
    json.end_object();
    write_limits(json, report.limits);
  }
  json.end_object();
}

}  // namespace midge::server
