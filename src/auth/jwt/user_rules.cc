#include "auth/jwt/user_rules.h"

#include <algorithm>

#include "auth/auth_config.h"
#include "auth/jwt/claims_check.h"
#include "auth/jwt/network.h"

namespace midge::auth::jwt {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr Duration kSecond = seconds(1);

std::string upper_case(std::string text) {
  for (char& letter : text)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return text;
}

std::uint32_t connection_type(const std::string& name) {
  static constexpr struct {
    std::string_view name;
    ConnectionTypes type;
  } kTypes[] = {{"STANDARD", kStandard},      {"WEBSOCKET", kWebsocket}, {"LEAFNODE", kLeafnode},
                {"LEAFNODE_WS", kLeafnodeWs}, {"MQTT", kMqtt},           {"MQTT_WS", kMqttWs},
                {"IN_PROCESS", kInProcess}};
  const std::string upper = upper_case(name);
  for (const auto& type : kTypes)
    if (type.name == upper) return type.type;
  return 0;
}

}  // namespace

std::optional<TypeFault> find_type_fault(const std::vector<std::string>& names,
                                         std::uint32_t type) {
  if (names.empty()) return std::nullopt;
  std::uint32_t allowed = 0;
  std::string all;
  for (const std::string& name : names) {
    allowed |= connection_type(name);
    all += (all.empty() ? "\"" : " \"") + name + "\"";
  }
  if (allowed == 0) return TypeFault{true, "invalid connection types [" + all + "]"};
  if ((allowed & type) == 0)
    return TypeFault{false, "Connection type not allowed: only [" + all + "]"};
  return std::nullopt;
}

bool is_source_allowed(const std::vector<std::string>& networks, std::string_view host) {
  if (networks.empty()) return true;
  const auto address = codec::parse_ip(host);
  if (!address) return false;
  return std::any_of(networks.begin(), networks.end(), [&](const std::string& text) {
    const auto network = Network::parse(text);
    return network && network->contains(*address);
  });
}

std::optional<Duration> time_left(const UserRights& rights, const ZoneSource& zones, WallTime now) {
  const auto zone = zones.find(rights.locale);
  if (!zone) return std::nullopt;
  const std::int64_t utc = now.ns / kSecond.ns;
  const std::int64_t local = utc + zone->offset_at(utc);
  const std::int64_t of_day = (local % kDay + kDay) % kDay;
  for (const TimeRange& range : rights.times) {
    const auto start = parse_time_of_day(range.start);
    const auto end = parse_time_of_day(range.end);
    if (!start || !end) return std::nullopt;
    const bool spans_midnight = *start > *end;
    const bool after_start = of_day >= *start;
    const bool before_end = of_day < *end;
    if (spans_midnight ? !after_start && !before_end : !after_start || !before_end) continue;
    const std::int64_t left = *end - of_day + (before_end ? 0 : kDay);
    return seconds(left) - nanoseconds(now.ns % kSecond.ns);
  }
  return std::nullopt;
}

WallTime earlier(WallTime a, WallTime b) {
  if (a.ns == 0 || b.ns == 0) return a.ns == 0 ? b : a;
  return std::min(a, b);
}

WallTime expiry_of(const Head& head) {
  return head.expires > 0 ? WallTime{head.expires * kSecond.ns} : WallTime{};
}

std::int64_t lower_limit(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0) return std::max(a, b);
  return std::min(a, b);
}

}  // namespace midge::auth::jwt
