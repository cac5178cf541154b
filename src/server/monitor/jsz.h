// `/jsz`: what JetStream holds and may hold, by account, stream and consumer. `/varz` and
// `/healthz` take their share from here. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "jetstream/jetstream.h"
#include "jetstream/report.h"
#include "server/monitor/query.h"

namespace midge::server {

struct JszRequest {
  std::string account;
  bool accounts = false, streams = false, consumers = false, direct_consumers = false;
  bool config = false, raft = false;
  std::int64_t offset = 0, limit = 0;
};

// Errors are the body of a 400.
[[nodiscard]] Result<JszRequest> parse_jsz(const Query& query);

struct Jsz {
  std::string server_id;
  WallTime now;
  const jetstream::Settings* settings = nullptr;  // null: JetStream is off
  std::string store;                              // its folder
  bool has_room = false;                          // its limits are configured, both of them
};

void write_jsz(codec::JsonWriter& json, const JszRequest& request, const Jsz& jsz,
               const jetstream::Report& report);
// Of one account alone, which is one of the report's.
void write_account_jsz(codec::JsonWriter& json, const JszRequest& request, const Jsz& jsz,
                       const jetstream::Report& report, const jetstream::AccountReport& account);
[[nodiscard]] std::string compose_jsz(const JszRequest& request, const Jsz& jsz,
                                      const jetstream::Report& report, bool pretty = true);

// The part of `/varz`: an object, empty without JetStream.
void write_jetstream(codec::JsonWriter& json, const Jsz& jsz, const jetstream::Report& report);

}  // namespace midge::server
