#include "server/monitor/healthz.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "codec/json_writer.h"
#include "jetstream/jetstream.h"
#include "server/monitor/duration_text.h"

namespace midge::server {
namespace {

using codec::JsonWriter;

// All but what is in JetStream is well whenever this can answer.
constexpr const char* kNarrower[] = {"js-enabled", "js-enabled-only", "js-server-only",
                                     "js-meta-only"};

HealthAnswer healthy() { return {HttpResponse::json(R"({"status":"ok"})"), {}}; }

HealthAnswer unhealthy(int status, std::string_view type, std::string_view error, bool details) {
  JsonWriter json;
  json.begin_object().field("status", status == 503 && !details ? "unavailable" : "error");
  if (details) {
    json.key("errors").begin_array().begin_object();
    json.field("type", type).field("error", error).end_object().end_array();
  } else {
    json.field("error", error);
  }
  json.end_object();
  return {HttpResponse::json(json.take(), status),
          details ? "1 errors" : "\"" + std::string(error) + "\""};
}

}  // namespace

Result<HealthzRequest> parse_healthz(const Query& query) {
  HealthzRequest request;
  for (const std::string_view narrow : kNarrower) {
    ASSIGN_OR_RETURN(const bool asked, query.boolean(narrow));
    request.server_only |= asked;
  }
  ASSIGN_OR_RETURN(request.details, query.boolean("details"));
  request.account = query.text("account");
  request.stream = query.text("stream");
  request.consumer = query.text("consumer");
  return request;
}

HealthAnswer compose_healthz(const HealthzRequest& request, bool accepting) {
  if (request.account.empty() && !request.stream.empty())
    return unhealthy(400, "BAD_REQUEST",
                     R"("account" must not be empty when checking stream health)", request.details);
  if (request.stream.empty() && !request.consumer.empty())
    return unhealthy(400, "BAD_REQUEST",
                     R"("stream" must not be empty when checking consumer health)",
                     request.details);
  // The status is 500 on the peer too, and the text its own, with the time it waits.
  if (!accepting)
    return unhealthy(500, "CONNECTION", "failed to be ready for connections after 1ms: server",
                     request.details);
  return healthy();
}

std::optional<AssetFault> find_asset_fault(const HealthzRequest& request,
                                           const jetstream::Report* report) {
  if (report == nullptr || request.server_only || request.account.empty()) return std::nullopt;
  const auto quoted = [](const std::string& name) { return "\"" + name + "\""; };
  if (std::ranges::find(report->accounts, request.account, &jetstream::AccountReport::name) ==
      report->accounts.end())
    return AssetFault{"ACCOUNT", "JetStream account " + quoted(request.account) + " not found"};
  if (request.stream.empty()) return std::nullopt;
  const auto stream = std::ranges::find_if(report->streams, [&](const auto& one) {
    return one.account == request.account && one.info.config.name == request.stream;
  });
  if (stream == report->streams.end())
    return AssetFault{"STREAM", "JetStream stream " + quoted(request.stream) +
                                    " not found on account " + quoted(request.account)};
  if (request.consumer.empty() ||
      std::ranges::find(stream->consumers, request.consumer, &jetstream::ConsumerInfo::name) !=
          stream->consumers.end())
    return std::nullopt;
  return AssetFault{"CONSUMER", "JetStream consumer " + quoted(request.consumer) +
                                    " not found for stream " + quoted(request.stream) +
                                    " on account " + quoted(request.account)};
}

HealthAnswer unhealthy_asset(const HealthzRequest& request, const AssetFault& fault) {
  JsonWriter json;
  json.begin_object().field("status", request.details ? "error" : "unavailable");
  if (request.details) {
    json.key("errors").begin_array().begin_object().field("type", fault.type);
    json.field_unless_empty("account", request.account);
    json.field_unless_empty("stream", request.stream);
    json.field_unless_empty("consumer", request.consumer);
    json.field("error", fault.error).end_object().end_array();
  } else {
    json.field("error", fault.error);
  }
  json.end_object();
  return {HttpResponse::json(json.take(), 404),
          request.details ? "1 errors" : "\"" + fault.error + "\""};
}

HealthAnswer unhealthy_memory(const HealthzRequest& request, const broker::MemoryBudget& memory) {
  return unhealthy(503, "MEMORY",
                   fmt::format("memory limit reached: {} of {} MiB are used", memory.used() >> 20,
                               memory.limit() >> 20),
                   request.details);
}

HealthAnswer add_jetstream(const HealthzRequest& request, HealthAnswer answer,
                           jetstream::JetStream& jetstream) {
  if (jetstream.has_failed())
    return unhealthy(503, "JETSTREAM", "JetStream could not be started yet", request.details);
  if (!jetstream.is_ready())
    return unhealthy(503, "JETSTREAM", "JetStream still reads its store", request.details);
  const jetstream::Counters& counters = jetstream.counters();
  // Whoever restarts a server that does not work can not make room on its disk.
  if (!request.server_only && counters.failing_journals > counters.journals_without_space)
    return unhealthy(503, "JETSTREAM", "JetStream write error: its disk fails", request.details);
  const std::uint64_t files = counters.damaged_files, messages = counters.lost_messages;
  if (files == 0 && messages == 0) return answer;
  JsonWriter json;
  json.begin_object().field("status", "ok").key("warnings").begin_array();
  json.value(fmt::format("JetStream: {} damaged files since the start, {} messages lost to rot",
                         files, messages));
  json.end_array().end_object();
  answer.response = HttpResponse::json(json.take());
  return answer;
}

HealthAnswer compose_livez(const std::vector<io::LoopLoad>& loads) {
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const Duration stuck{loads[i].stuck_ns};
    if (stuck >= kStuckAfter)
      return unhealthy(503, "LOOP", fmt::format("loop {} stuck for {}", i, uptime_text(stuck)),
                       false);
  }
  return healthy();
}

}  // namespace midge::server
