// The trace of one message (ADR-41): what happened to it on this server, told as one event.
//
// A trace belongs to the loop of the publisher. A TraceLeg is a part of the message's way, in one
// account on one loop: it goes along to that loop, gathers what happens there, and comes home. When
// no leg is under way any more, the trace is complete. Thread: the home loop's; what is const may
// be read wherever a leg is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "broker/account_plan.h"
#include "broker/config.h"
#include "broker/trace_headers.h"

namespace midge::broker {

struct TraceEvent {
  enum class Type : std::uint8_t {
    kIngress,
    kMapping,
    kStreamExport,
    kServiceImport,
    kStream,
    kEgress
  };

  Type type;
  WallTime at;
  std::uint64_t cid = 0;     // kIngress, kEgress
  std::string name;          // of that connection; kStream: of the stream
  std::string account;       // kEgress: "" = that of the publisher
  std::string subject;       // kIngress, kServiceImport: before it; kEgress: subscribed to; kStream
  std::string to;            // kMapping, kStreamExport, kServiceImport
  std::string queue;         // kEgress
  std::string error;         // kIngress, kStream, kEgress
  bool no_interest = false;  // kStream
};

struct MessageTrace {
  const LoopId home;
  const AccountId account;        // of the publisher
  const std::uint64_t publisher;  // its cid
  const bool echo;                // it may get the message itself
  const bool only;                // nobody gets it

  TraceRequest request;
  std::size_t message_size = 0;
  std::vector<TraceEvent> events;
  unsigned legs_away = 0;
};

struct TraceLeg {
  std::shared_ptr<MessageTrace> trace;
  std::shared_ptr<const StreamUse> stream;  // by which the account imports it; null: it does not
  bool tells_exports = false;               // whether that is told
  bool tells_egress = true;                 // false: the trace has ended at a boundary
  std::vector<TraceEvent> events;
};
using TraceLegPtr = std::unique_ptr<TraceLeg>;

// Why a message that reached a subscription was not delivered.
inline constexpr std::string_view kTraceNoEcho = "Not delivered because of no echo";
inline constexpr std::string_view kTraceDenied =
    "Not delivered because subscription denies this subject";
inline constexpr std::string_view kTraceClientClosed = "Not delivered because client is closed";
inline constexpr std::string_view kTraceTooSlow =
    "Not delivered because fast producer not stalled and consumer is slow";

// The event. `sign` may be empty: then it does not say which server tells of it.
std::string trace_event_json(const MessageTrace& trace, const SignEvent& sign, WallTime now);

// A text packed as `encoding` says, and the header block that tells so; "" = none.
struct PackedEvent {
  std::string header, body;
};
PackedEvent pack_trace_event(std::string json, TraceEncoding encoding);

}  // namespace midge::broker
