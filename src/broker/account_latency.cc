#include "broker/account_latency.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "codec/json_writer.h"

namespace midge::broker {
namespace {

std::string_view description_of(LatencyStatus status) {
  switch (status) {
    case LatencyStatus::kOk:
      return {};
    case LatencyStatus::kBadRequest:
      return "Bad Request";
    case LatencyStatus::kRequestTimeout:
      return "Request Timeout";
    case LatencyStatus::kServiceUnavailable:
      return "Service Unavailable";
    case LatencyStatus::kServiceTimeout:
      return "Service Timeout";
  }
  return {};
}

// Headers as names in Go's canonical spelling (`X-B3-Traceid`) and values.
using Headers = std::vector<std::pair<std::string, std::string_view>>;

std::string canonical(std::string_view name) {
  std::string result(name);
  bool upper = true;
  for (char& c : result) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    upper = c == '-';
  }
  return result;
}

Headers parse(std::string_view block) {
  Headers headers;
  block.remove_prefix(std::min(block.size(), block.find("\r\n")));
  while (block.starts_with("\r\n")) {
    block.remove_prefix(2);
    const std::string_view line = block.substr(0, block.find("\r\n"));
    block.remove_prefix(line.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    headers.emplace_back(canonical(line.substr(0, colon)), value);
  }
  return headers;
}

std::string_view value_of(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
  return found == headers.end() ? std::string_view() : found->second;
}

// The flags in hexadecimal behind the last `separator`: whether the lowest bit is set.
bool last_bit_set(std::string_view value, char separator) {
  const std::size_t at = value.rfind(separator);
  if (at == std::string_view::npos || at + 1 == value.size()) return false;
  const char c = value.back();
  const bool is_letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return (is_letter ? (c | 0x20) - 'a' + 10 : c - '0') % 2 == 1;
}

// `{trace}-{span}-{state}-{parent}`, or a state alone; no state leaves it to us: sampled.
bool b3_sampled(std::string_view value) {
  if (value == "0") return false;
  if (value == "1" || value == "d") return true;
  const std::size_t span = value.find('-');
  if (span == std::string_view::npos) return false;
  const std::size_t state = value.find('-', span + 1);
  return state == std::string_view::npos || value.substr(state + 1, 1) != "0";
}

std::string to_json(const Headers& headers, std::initializer_list<std::string_view> names) {
  codec::JsonWriter json;
  json.begin_object();
  for (const std::string_view name : names) {
    const std::string_view value = value_of(headers, name);
    if (value.empty()) continue;
    json.key(name).begin_array().value(value).end_array();
  }
  return json.end_object().take();
}

}  // namespace

std::optional<std::string> sampling_headers(std::string_view block) {
  const Headers headers = parse(block);
  if (const auto jaeger = value_of(headers, "Uber-Trace-Id"); !jaeger.empty()) {
    if (!last_bit_set(jaeger, ':')) return std::nullopt;
    return to_json(headers, {"Uber-Trace-Id"});
  }
  const std::string_view sampled = value_of(headers, "X-B3-Sampled");
  const std::string_view trace_id = value_of(headers, "X-B3-Traceid");
  if (!sampled.empty() || !trace_id.empty()) {
    if (sampled == "0") return std::nullopt;
    return to_json(headers, {"X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Spanid", "X-B3-Traceid"});
  }
  if (const auto single = value_of(headers, "B3"); !single.empty()) {
    if (!b3_sampled(single)) return std::nullopt;
    return to_json(headers, {"B3"});
  }
  if (const auto parent = value_of(headers, "Traceparent"); !parent.empty()) {
    if (!last_bit_set(parent, '-')) return std::nullopt;
    return to_json(headers, {"Traceparent", "Tracestate"});
  }
  return std::nullopt;
}

std::string latency_metric(const LatencyTrack& track, const LatencyOutcome& outcome,
                           std::string_view id, WallTime now) {
  codec::JsonWriter json;
  json.begin_object();
  json.field("type", "io.nats.server.metric.v1.service_latency").field("id", id);
  json.field("timestamp", now).field("status", std::to_underlying(outcome.status));
  json.field_unless_empty("description", description_of(outcome.status));
  if (!track.requestor.empty()) json.key("requestor").raw(track.requestor);
  if (!outcome.responder.empty()) json.key("responder").raw(outcome.responder);
  if (!track.headers.empty()) json.key("header").raw(track.headers);
  json.field("start", track.start);
  std::int64_t service = 0, system = 0, total = 0;
  if (outcome.status == LatencyStatus::kOk) {
    const std::int64_t took = (outcome.answered - track.arrived).ns;
    service = std::max<std::int64_t>(took - outcome.responder_rtt.ns, 0);
    system = (outcome.delivered - outcome.answered).ns;
    total = took + system + track.requestor_rtt.ns;
  }
  json.field("service", service).field("system", system).field("total", total);
  return json.end_object().take();
}

}  // namespace midge::broker
