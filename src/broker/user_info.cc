#include "broker/user_info.h"

#include <algorithm>
#include <vector>

#include "codec/json_writer.h"

namespace midge::broker {
namespace {

using codec::JsonWriter;

void write_rules(JsonWriter& json, std::string_view name,
                 const std::vector<auth::SubjectRule>& rules) {
  if (rules.empty()) return;
  json.key(name).begin_array();
  for (const auth::SubjectRule& rule : rules)
    json.value(rule.queue.empty() ? rule.subject : rule.subject + " " + rule.queue);
  json.end_array();
}

void write_direction(JsonWriter& json, std::string_view name,
                     const std::optional<auth::SubjectRules>& rules) {
  json.key(name).begin_object();
  if (rules) {
    write_rules(json, "allow", rules->allow);
    write_rules(json, "deny", rules->deny);
  }
  json.end_object();
}

void write_permissions(JsonWriter& json, const auth::PermissionsConfig& config) {
  json.key("permissions").begin_object();
  write_direction(json, "publish", config.publish);
  write_direction(json, "subscribe", config.subscribe);
  if (config.responses) {
    json.key("responses").begin_object().field("max", config.responses->max);
    json.field("ttl", config.responses->expires.ns).end_object();
  }
  json.end_object();
}

}  // namespace

std::string UserInfo::json() const {
  JsonWriter json;
  json.begin_object().field("user", user).field("account", account);
  json.field("account_name", account_title.empty() ? account : account_title);
  if (identity != nullptr) {
    json.field_unless_empty("user_name", identity->user_name);
    if (identity->permissions) write_permissions(json, identity->permissions->config());
    if (identity->expires.ns != 0)
      json.field("expires", std::max<std::int64_t>((identity->expires - now).ns, 0));
  }
  return json.end_object().take();
}

}  // namespace midge::broker
