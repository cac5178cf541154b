// What publishing into a stream sends and gets back.
#pragma once

#include <string_view>

#include "midge/jetstream.h"

namespace midge::detail {

// The message's own headers, and what it says to the stream. Errors: kInvalid: a TTL that is not of
// whole seconds.
Result<Headers> headers_of(const PublishOptions& options);

Result<PubAck> read_pub_ack(std::string_view json);

// `Nats-TTL`: `never`, `12s`. Errors: kInvalid.
Result<std::string> ttl_text(Timeout ttl);

}  // namespace midge::detail
