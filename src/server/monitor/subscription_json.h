// One subscription as `/subsz` and `/connz?subs=detail` show it. Pure; any thread.
#pragma once

#include <cstdint>

#include "broker/stats.h"
#include "codec/json_writer.h"

namespace midge::server {

enum class AccountShown : std::uint8_t { kNo, kYes };

void write_subscription(codec::JsonWriter& json, const broker::SubscriptionInfo& subscription,
                        AccountShown account);

}  // namespace midge::server
