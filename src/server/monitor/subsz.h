// `/subsz`: figures of the interest index and, if asked for, the subscriptions. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "server/monitor/gather.h"
#include "server/monitor/query.h"
#include "subject/interest_index.h"

namespace midge::server {

struct SubszRequest {
  bool list = false;
  std::int64_t offset = 0;
  std::int64_t limit = 1024;
  std::string account;  // "" = all
  std::string test;     // only subscriptions that this subject reaches; "" = all

  // Those of one account are counted one by one.
  [[nodiscard]] Wanted wanted() const { return {.subscriptions = list || !account.empty()}; }
};

// Errors are the body of a 400.
[[nodiscard]] Result<SubszRequest> parse_subsz(const Query& query);

void write_subsz(codec::JsonWriter& json, const SubszRequest& request, std::string_view server_id,
                 WallTime now, const subject::IndexStats& index, const Parts& parts);
[[nodiscard]] std::string compose_subsz(const SubszRequest& request, std::string_view server_id,
                                        WallTime now, const subject::IndexStats& index,
                                        const Parts& parts, bool pretty = true);

}  // namespace midge::server
