// A consumer in a backup: its configuration and where it stands, as JSON. Format:
// docs/formats/archive.md.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/consumer/consumer_step.h"

namespace midge::jetstream {

struct ArchivedConsumer {
  ConsumerConfig config;
  ConsumerProgress progress;
  WallTime created{};  // zero: not known
};

// What it has beyond `last` of the stream is left out: the backup ends there.
std::string write_archived_consumer(const ConsumerConfig& config, const ConsumerProgress& progress,
                                    Sequence last);
// `name`: of its entry. Errors, with nats-server's texts: it is not one.
Result<ArchivedConsumer> read_archived_consumer(std::string_view json, std::string_view name);

// Why JSON within an archive is none, in nats-server's words.
std::string json_error(const Error& error);

// The same out of the parts of older backups. Errors: they do not fit.
struct ArchivedPending {
  Sequence stream;
  ConsumerSequence consumer;
  WallTime delivered{};
  std::uint32_t deliveries = 1;
};
// `pending` in any order.
Result<ConsumerProgress> archived_progress(Positions delivered, Positions floor,
                                           std::vector<ArchivedPending> pending);

}  // namespace midge::jetstream
