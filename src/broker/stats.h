// What a worker tells monitoring: plain copies, made on its loop, read anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "broker/close_reason.h"
#include "io/secure_stream.h"

namespace midge::broker {

struct Traffic {
  std::uint64_t in_msgs = 0, in_bytes = 0, out_msgs = 0, out_bytes = 0;
  Traffic& operator+=(const Traffic& other) {
    in_msgs += other.in_msgs;
    in_bytes += other.in_bytes;
    out_msgs += other.out_msgs;
    out_bytes += other.out_bytes;
    return *this;
  }
};

struct WorkerStats {
  Traffic traffic;                      // of clients that are and were connected
  std::uint64_t connections = 0;        // now
  std::uint64_t total_connections = 0;  // since start
  std::uint64_t subscriptions = 0;      // now
  std::uint64_t slow_consumers = 0;
  std::uint64_t stale_connections = 0;
  std::uint64_t stalled_clients = 0;
  std::uint64_t dropped_messages = 0;  // by slow_consumer_policy
  std::uint64_t matches = 0;           // lookups of the interest, cached or not
  std::uint64_t cache_hits = 0;
  std::uint64_t cached_subjects = 0;  // now
  std::uint64_t fanout_max = 0;
  std::uint64_t fanout_sum = 0;     // over all matches
  std::uint64_t pending_bytes = 0;  // output not yet taken by sockets, now
};

struct SubscriptionInfo {
  std::string account, subject, queue, sid;
  std::uint64_t delivered = 0, max = 0, cid = 0;
};

// Of an account's sessions.
struct AccountTraffic {
  std::uint64_t in_msgs = 0, out_msgs = 0, in_bytes = 0, out_bytes = 0, slow_consumers = 0;
  AccountTraffic& operator+=(const AccountTraffic& other) {
    in_msgs += other.in_msgs;
    out_msgs += other.out_msgs;
    in_bytes += other.in_bytes;
    out_bytes += other.out_bytes;
    slow_consumers += other.slow_consumers;
    return *this;
  }
};
using EndedTraffic = std::map<std::string, AccountTraffic>;  // by account

struct ConnectionInfo {
  std::uint64_t cid = 0;
  std::string ip;
  std::uint16_t port = 0;
  bool in_process = false;
  bool web_socket = false;
  WallTime start, last_activity;
  Duration rtt;  // 0 = not known
  std::int64_t pending_bytes = 0;
  std::uint64_t in_msgs = 0, out_msgs = 0, in_bytes = 0, out_bytes = 0, stalls = 0, dropped = 0;
  std::uint64_t subscriptions = 0;
  std::string name, lang, version, account, authorized_user;
  std::string user_name, name_tag, jwt, issuer_key;  // as the identity has them
  std::vector<std::string> tags;
  std::string proxy;                    // the nkey of the trusted proxy it came through
  std::string tls_version, tls_cipher;  // "" = not encrypted
  bool tls_first = false;               // its handshake came before INFO
  std::vector<io::PeerCertificate> tls_peer_certs;
  std::vector<SubscriptionInfo> subscription_list;  // if asked for
  // Closed connections only.
  std::optional<WallTime> stop;
  CloseReason reason = CloseReason::kClientClosed;
};

}  // namespace midge::broker
