#include "server/monitor/probes.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "codec/json_writer.h"

namespace midge::server {
namespace {

using S = const ServerState&;

// Why not: `why` answers "" where this is no reason.
struct Reason {
  std::string_view type;
  std::string (*why)(S state);
};

std::string if_so(bool so, const char* why) { return so ? why : ""; }

std::string not_accepting(S s) {
  return if_so(!s.accepting && !s.leaving, "the client port does not take connections yet");
}
std::string reading(S s) {
  return if_so(s.jetstream == ServerState::JetStream::kReading, "JetStream still reads its store");
}
std::string not_read(S s) {
  return if_so(s.jetstream == ServerState::JetStream::kFailed,
               "JetStream could not be started yet");
}
std::string failing_disk(S s) {
  return if_so(s.disk_fails, "JetStream's disk fails: it takes nothing");
}

constexpr Reason kNotStarted[] = {
    {"CONNECTION", not_accepting}, {"JETSTREAM", reading}, {"JETSTREAM", not_read}};

constexpr Reason kNotReady[] = {
    {"CONNECTION", not_accepting},
    {"LAME_DUCK",
     [](S s) { return if_so(s.leaving, "lame duck mode: the server is about to end"); }},
    {"MEMORY", [](S s) { return if_so(s.memory_full, "memory limit reached"); }},
    {"JETSTREAM", reading},
    {"JETSTREAM", not_read},
    {"JETSTREAM", failing_disk}};

constexpr Reason kNotToBeStopped[] = {
    {"JETSTREAM", reading},
    {"JETSTREAM", failing_disk},
    {"JETSTREAM",
     [](S s) {
       if (s.waiting_bytes == 0) return std::string();
       return fmt::format("{} bytes of streams are not on disk yet", s.waiting_bytes);
     }},
    {"JETSTREAM",
     [](S s) {
       if (s.memory_bytes <= 0) return std::string();
       return fmt::format("streams in memory hold {} bytes, which end with the server",
                          s.memory_bytes);
     }},
    {"LAME_DUCK",
     [](S s) {
       if (!s.leaving || s.connections == 0) return std::string();
       return fmt::format("lame duck mode is under way, {} clients have not left yet",
                          s.connections);
     }},
    {"CONNECTION", [](S s) {
       if (s.leaving || s.connections == 0) return std::string();
       return fmt::format("{} clients are connected and know no other server", s.connections);
     }}};

HttpResponse answer(std::span<const Reason> reasons, S state) {
  codec::JsonWriter json;
  json.begin_object().field("status", "unavailable").key("reasons").begin_array();
  bool any = false;
  for (const Reason& reason : reasons) {
    const std::string why = reason.why(state);
    if (why.empty()) continue;
    any = true;
    json.begin_object().field("type", reason.type).field("error", why).end_object();
  }
  if (!any) return HttpResponse::json(R"({"status":"ok"})");
  return HttpResponse::json(json.end_array().end_object().take(), 503);
}

}  // namespace

HttpResponse compose_startedz(S state) { return answer(kNotStarted, state); }
HttpResponse compose_readyz(S state) { return answer(kNotReady, state); }
HttpResponse compose_stopz(S state) { return answer(kNotToBeStopped, state); }

}  // namespace midge::server
