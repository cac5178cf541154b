// From options to what the broker must know of them.
#pragma once

#include <vector>

#include "broker/config.h"
#include "server/authentication.h"
#include "server/identity.h"
#include "server/options/options.h"

namespace midge::server {

// `inquirer` asks services about logins.
broker::BrokerConfigPtr make_broker_config(const Options& options, const Identity& identity,
                                           Logins logins, broker::Inquirer* inquirer);

// Of the system account, in every account.
[[nodiscard]] std::vector<broker::DefaultService> default_services();

}  // namespace midge::server
