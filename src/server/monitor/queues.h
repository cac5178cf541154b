// `/ipqueuesz`: what waits in the server's own queues, the mailboxes of loops. `/stacksz`: what
// each loop is doing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_writer.h"
#include "io/loop.h"
#include "server/monitor/query.h"

namespace midge::server {

struct IpqueueszRequest {
  bool all = false;    // the empty ones too
  std::string filter;  // a part of their names; "" = any
};

// Errors are the body of a 400.
[[nodiscard]] Result<IpqueueszRequest> parse_ipqueuesz(const Query& query);
// The same of a request's body in the system account. Errors: what is wrong with it.
[[nodiscard]] Result<IpqueueszRequest> parse_ipqueuesz_body(std::string_view body);

// `loads`: of all loops, in order.
void write_ipqueuesz(codec::JsonWriter& json, const IpqueueszRequest& request,
                     const std::vector<io::LoopLoad>& loads);

// Plain text, a paragraph a loop.
[[nodiscard]] std::string compose_stacksz(const std::vector<io::LoopLoad>& loads);

}  // namespace midge::server
