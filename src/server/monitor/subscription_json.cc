#include "server/monitor/subscription_json.h"

#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

using S = const broker::SubscriptionInfo&;
using Row = Field<broker::SubscriptionInfo>;

template <auto Get>
constexpr Row row(std::string_view name) {
  return always<broker::SubscriptionInfo, Get>(name);
}
template <auto Get>
constexpr Row optional(std::string_view name) {
  return unless_empty<broker::SubscriptionInfo, Get>(name);
}

constexpr Row kAccountFields[] = {optional < [](S s) -> auto& {return s.account;
}  // namespace
> ("account"), optional < [](S s) -> auto& { return s.account; }
> ("account_tag"),
};  // namespace midge::server

constexpr Row kFields[] = {row < [](S s) -> auto& {return s.subject;
}
> ("subject"), optional < [](S s) -> auto& { return s.queue; }
> ("qgroup"), row < [](S s) -> auto& { return s.sid; }
> ("sid"), row<[](S s) { return s.delivered; }>("msgs"), optional<[](S s) { return s.max; }>("max"),
    row<[](S s) { return s.cid; }>("cid"),
}
;

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
