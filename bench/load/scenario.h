// The subcommands of midge-load. Each reads its options, sets up its connections, measures, and
// prints one JSON object. All want `--port` and `--pid` of a server that nobody else uses.
#pragma once

#include <sys/types.h>

#include <string>

#include "dialer.h"
#include "options.h"

namespace midge::load {

// What every scenario is told.
struct Target {
  explicit Target(Options& options);
  [[nodiscard]] Dialer dialer() const { return Dialer(port, loops, place, logins); }

  std::uint16_t port;
  pid_t pid;
  int loops;
  std::string place;
  Logins logins;  // --publisher USER:PASSWORD, --subscriber USER:PASSWORD, --web-socket KIND
};

void run_flow(Options& options);          // publish, 1→1, N→N, fan-out, queue group
void run_subjects(Options& options);      // many subscriptions, publishes to random ones
void run_requests(Options& options);      // request-reply
void run_churn(Options& options);         // SUB and UNSUB beside traffic
void run_stalled(Options& options);       // fan-out with one who does not read
void run_slow_readers(Options& options);  // one large message, many who do not read it
void run_idle(Options& options);          // memory of idle connections
void run_handshakes(Options& options);    // connections that come and go
void run_compare(Options& options);       // a flow with something extra beside a plain one
void run_storm(Options& options);         // many logins at once beside traffic
void run_monitoring(Options& options);    // pages of the monitoring port beside traffic

// In jetstream/, on a server that has it.
void run_js_publish(Options& options);    // publishes that streams acknowledge
void run_js_get(Options& options);        // reads of single messages
void run_js_consume(Options& options);    // what a consumer delivers
void run_js_subjects(Options& options);   // memory of many subjects, and their listing
void run_js_filter(Options& options);     // consumers whose filters match much
void run_js_consumers(Options& options);  // many consumers of one stream
void run_js_volume(Options& options);     // bytes written for each byte of payload
void run_js_fill(Options& options);       // only messages

}  // namespace midge::load
