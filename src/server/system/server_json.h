// The `server` member of what is told in the system account.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "codec/json_writer.h"
#include "server/feature_flags.h"
#include "server/identity.h"
#include "server/options/options.h"

namespace midge::server {

struct ServerFacts {
  std::string name, host, id;
  std::vector<std::string> tags;
  std::map<std::string, std::string> metadata;
  FeatureFlagSettings feature_flags;
  bool jetstream = false;
  std::string domain;  // of JetStream
};

[[nodiscard]] ServerFacts facts_of(const Identity& identity, const Options& options);

// Writes the object that it is.
void write_server_object(codec::JsonWriter& json, const ServerFacts& facts, std::uint64_t sequence,
                         WallTime now);
// Writes the member `server`.
void write_server(codec::JsonWriter& json, const ServerFacts& facts, std::uint64_t sequence,
                  WallTime now);

}  // namespace midge::server
