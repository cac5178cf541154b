// What a user's rights say of a connection: its type, where it comes from, when it may last.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/claims.h"
#include "auth/jwt/time_zone.h"
#include "base/time.h"

namespace midge::auth::jwt {

// Why a connection of this type is not among those allowed. Names that mean nothing here are passed
// over, unless all do.
struct TypeFault {
  bool none_is_known;
  std::string text;
};
std::optional<TypeFault> find_type_fault(const std::vector<std::string>& names, std::uint32_t type);

bool is_source_allowed(const std::vector<std::string>& networks, std::string_view host);

// How long the window that `now` is in stays open; nothing if it is in none. Windows whose end is
// before their start span midnight.
std::optional<Duration> time_left(const UserRights& rights, const ZoneSource& zones, WallTime now);

// Zero = never.
WallTime earlier(WallTime a, WallTime b);
WallTime expiry_of(const Head& head);

// Below 0: no limit.
std::int64_t lower_limit(std::int64_t a, std::int64_t b);

}  // namespace midge::auth::jwt
