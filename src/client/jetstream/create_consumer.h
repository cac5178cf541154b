// Making consumers on the server.
#pragma once

#include <string>
#include <string_view>

#include "client/jetstream/context.h"

namespace midge::detail {

// One call of the API: what follows its prefix, and the body.
struct CreateCall {
  std::string what, body;
};

// `config` has a name. `action`: `create`, `update`, "" = either.
CreateCall create_call(std::string_view stream, const ConsumerConfig& config,
                       std::string_view action);

// Gives it a name if it has none. Errors: kInvalid, and the server's.
Result<ConsumerInfo> create_consumer(JetStreamContext& context, std::string_view stream,
                                     ConsumerConfig config, std::string_view action,
                                     const Deadline& deadline);

}  // namespace midge::detail
