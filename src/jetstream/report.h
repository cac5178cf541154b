// What JetStream holds, gathered from all loops: a copy that anybody may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
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
  std::vector<ConsumerInfo> consumers, direct_consumers;  // in no order
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
  std::deque<StreamReport> streams;     // in no order

  // About as many lines as it takes to tell of all.
  [[nodiscard]] std::size_t rows() const;
};
using ReportPtr = std::shared_ptr<const Report>;

// On loop 0; `done` is called there, in a later tick or at once. Each stream and consumer is told
// of as it is when its turn comes.
void make_report(JetStream& jetstream, std::function<void(ReportPtr)> done);

// By account and name. Where there are many it takes long.
[[nodiscard]] std::vector<const StreamReport*> sorted(const std::deque<StreamReport>& streams);
// By name.
[[nodiscard]] std::vector<const ConsumerInfo*> sorted(const std::vector<ConsumerInfo>& consumers);

}  // namespace midge::jetstream
