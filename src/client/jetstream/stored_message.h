// Messages that are read out of a stream: by the API, or directly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/jetstream/context.h"

namespace midge::detail {

// What one read asks for: by sequence, the next of a subject from a sequence on, or the last one of
// a subject.
struct ReadTerms {
  std::uint64_t sequence = 0;
  std::string next_by_subject, last_by_subject;
};

// Errors: kNotFound; as Client::request().
Result<StoredMessage> read_directly(JetStreamContext& context, std::string_view stream,
                                    const ReadTerms& terms, const Deadline& deadline);
Result<StoredMessage> read_by_api(JetStreamContext& context, std::string_view stream,
                                  const ReadTerms& terms, const Deadline& deadline);
Result<std::vector<StoredMessage>> read_batch(JetStreamContext& context, std::string_view stream,
                                              const BatchOptions& options,
                                              const Deadline& deadline);

}  // namespace midge::detail
