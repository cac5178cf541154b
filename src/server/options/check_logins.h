// Checks of who may log in, among options of which each is fine: operator mode, `no_auth_user`, the
// system account.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/options/options.h"

namespace midge::server {

// Whether `name` may be the user of those who name none; "" = there is none such.
[[nodiscard]] Result<void> check_no_auth_user(const auth::AuthConfig& auth,
                                              const std::string& name);

[[nodiscard]] Result<void> check_logins(const Options& options);

// What is allowed but not wise, for the log at start, in nats-server's words.
[[nodiscard]] std::vector<std::string> login_warnings(const Options& options);

}  // namespace midge::server
