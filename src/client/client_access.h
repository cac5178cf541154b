// The connection behind a Client, for what is built on it.
#pragma once

#include <memory>

#include "client/connection.h"
#include "midge/client.h"

namespace midge::detail {

struct ClientAccess {
  // Null: the client is not connected to anything.
  static std::shared_ptr<Connection> connection_of(const Client& client);
};

}  // namespace midge::detail
