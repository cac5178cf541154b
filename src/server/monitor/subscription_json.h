// Subscriptions as `/subsz` and `/connz?subs=detail` show them. Pure; any thread.
#pragma once

#include <cstdint>

#include "broker/stats.h"
#include "codec/json_writer.h"

namespace midge::server {

// Older connections first; within one by sid, as numbers where they are (most clients count up). So
// pages fit together, whatever loops the connections sit on and however loops keep subscriptions.
[[nodiscard]] bool comes_before(const broker::SubscriptionInfo& a,
                                const broker::SubscriptionInfo& b);

enum class AccountShown : std::uint8_t { kNo, kYes };

void write_subscription(codec::JsonWriter& json, const broker::SubscriptionInfo& subscription,
                        AccountShown account);

}  // namespace midge::server
