#include "server/monitor/healthz.h"

#include <fmt/format.h>

#include <string_view>

#include "codec/json_writer.h"
#include "server/monitor/duration_text.h"

namespace midge::server {
namespace {

using codec::JsonWriter;

HealthAnswer healthy() { return {HttpResponse::json(R"({"status":"ok"})"), {}}; }

HealthAnswer unhealthy(int status, std::string_view type, std::string_view error, bool details) {
  JsonWriter json;
  json.begin_object().field("status", "error");
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
  // What these ask about is healthy as long as there is no JetStream; but they must be well-formed.
  for (const std::string_view ignored :
       {"js-enabled", "js-enabled-only", "js-server-only", "js-meta-only"})
    TRY(query.boolean(ignored));
  HealthzRequest request;
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
