// What JetStream holds, gathered from all loops: a copy that anybody may read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "jetstream/api/info.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/damage.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

struct StreamReport {
  std::string account;
  StreamInfo info;
  std::vector<ConsumerInfo> consumers, direct_consumers;  // by name
};

struct AccountReport {
  std::string name, title;  // title: what people call it, where its name is a key
  AccountLimits limits;
  std::int64_t memory = 0, storage = 0;
  std::uint64_t api_requests = 0, api_errors = 0;
};

struct Report {
  std::int64_t memory = 0, storage = 0;
  std::int64_t reserved_memory = 0, reserved_storage = 0;
  std::uint64_t api_requests = 0, api_errors = 0;
  ServerLimits limits;
  Damage damage;
  std::vector<AccountReport> accounts;  // by name
  std::vector<StreamReport> streams;    // by account and name
};

// On loop 0; `done` is called there, in a later tick or at once.
void make_report(JetStream& jetstream, std::function<void(Report)> done);

}  // namespace midge::jetstream
