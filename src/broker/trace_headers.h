// What the headers of a message ask of tracing (ADR-41). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace midge::broker {

inline constexpr std::string_view kTraceDestination = "Nats-Trace-Dest";
// In place of a destination: servers behind this one must not trace either.
inline constexpr std::string_view kTraceDisabled = "trace disabled";

enum class TraceMention : std::uint8_t {
  kNone,
  kParent,       // `traceparent`, which matters where the account says so
  kDestination,  // `Nats-Trace-Dest`
};

// Whether a header block may concern tracing. Every message with headers is asked, so this looks at
// little more than the first letter of each line.
TraceMention find_trace_mention(std::string_view block);

// How the event is to be packed, which `Accept-Encoding` says.
enum class TraceEncoding : std::uint8_t { kNone, kIdentity, kSnappy, kGzip };
// The same of any header block; requests in the system account say it so, too.
TraceEncoding accepted_encoding(std::string_view block);

struct TraceRequest {
  enum class Action : std::uint8_t {
    kNone,
    kDisable,  // not traced, and kTraceDisabled is to be its destination from here on
    kTrace,
  };
  Action action = Action::kNone;
  std::string destination;
  bool by_client = false;  // the message names the destination itself
  bool only = false;       // it must reach nobody
  TraceEncoding encoding = TraceEncoding::kNone;
  std::string headers;  // as JSON
};

// `account_destination` is where the account has messages with a sampled `traceparent` traced to
// ("" = nowhere), `sampling` how many percent of them. `draw`: any random number.
TraceRequest read_trace_request(std::string_view block, std::string_view account_destination,
                                int sampling, std::uint64_t draw);

}  // namespace midge::broker
