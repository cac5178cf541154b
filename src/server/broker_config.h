// From options to what the broker must know of them.
#pragma once

#include "broker/config.h"
#include "server/identity.h"
#include "server/options/options.h"

namespace midge::server {

broker::BrokerConfigPtr make_broker_config(const Options& options, const Identity& identity);

}  // namespace midge::server
