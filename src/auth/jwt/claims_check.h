// Whether claims make sense, whoever made them. What nats-server finds wrong with the same words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/jwt/claims.h"
#include "auth/jwt/time_zone.h"

namespace midge::auth::jwt {

// All that is wrong, in one text; nothing if all is well.
std::optional<std::string> find_fault(const UserClaims& claims, const ZoneSource& zones);
std::optional<std::string> find_fault(const AccountClaims& claims);

enum class Validity : std::uint8_t { kValid, kExpired, kNotYet };
Validity validity_at(const Head& head, std::int64_t now_seconds);
std::string_view to_text(Validity validity);

// The time of day in seconds, of `15:04:05`.
std::optional<std::int64_t> parse_time_of_day(std::string_view text);

}  // namespace midge::auth::jwt
