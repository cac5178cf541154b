#include "server/monitor/subscription_json.h"

#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

using broker::SubscriptionInfo;
using Row = Field<SubscriptionInfo>;

template <auto Get>
constexpr Row row(std::string_view name) {
  return always<SubscriptionInfo, Get>(name);
}
template <auto Get>
constexpr Row optional(std::string_view name) {
  return unless_empty<SubscriptionInfo, Get>(name);
}

constexpr Row kAccountFields[] = {
    optional<&SubscriptionInfo::account>("account"),
    optional<&SubscriptionInfo::account>("account_tag"),
};

constexpr Row kFields[] = {
    row<&SubscriptionInfo::subject>("subject"), optional<&SubscriptionInfo::queue>("qgroup"),
    row<&SubscriptionInfo::sid>("sid"),         row<&SubscriptionInfo::delivered>("msgs"),
    optional<&SubscriptionInfo::max>("max"),    row<&SubscriptionInfo::cid>("cid"),
};

}  // namespace

bool comes_before(const broker::SubscriptionInfo& a, const broker::SubscriptionInfo& b) {
  if (a.cid != b.cid) return a.cid < b.cid;
  if (a.sid.size() != b.sid.size()) return a.sid.size() < b.sid.size();
  return a.sid < b.sid;
}

void write_subscription(codec::JsonWriter& json, const broker::SubscriptionInfo& subscription,
                        AccountShown account) {
  json.begin_object();
  if (account == AccountShown::kYes)
    for (const Row& field : kAccountFields) field.write(json, field.name, subscription);
  for (const Row& field : kFields) field.write(json, field.name, subscription);
  json.end_object();
}

}  // namespace midge::server
