// One request for messages that waits at a consumer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace midge::jetstream {

// As a client sends it: empty (one message), a number, or JSON.
struct PullTerms {
  std::int64_t batch = 1;
  bool says_batch = true;
  std::int64_t max_bytes = 0;  // 0: any
  Duration expires{};          // 0: never
  Duration heartbeat{};
  bool no_wait = false;
  std::string group, pin_id;
  std::int64_t min_pending = 0, min_ack_pending = 0;
  int priority = 0;
  bool is_json = false;

  // Errors: the text behind `Bad Request - `.
  static Result<PullTerms> parse(std::string_view body);
};

struct PullRequest {
  PullTerms terms;
  std::string reply;
  std::int64_t left = 0;        // messages still wanted
  std::int64_t bytes_left = 0;  // where max_bytes is set
  std::uint64_t delivered = 0;
  MonoTime expires{INT64_MAX};
  MonoTime heartbeat_due{INT64_MAX};
};

}  // namespace midge::jetstream
