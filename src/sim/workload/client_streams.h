// JetStream by clients whose connections break: what was acknowledged is there, once; consumers
// come to all of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "midge/jetstream.h"
#include "midge/key_value.h"
#include "sim/workload/client_party.h"

namespace midge::sim {

class ClientStreams {
 public:
  ClientStreams(ClientWorld& world, ClientLedger& ledger, SimRandom random);
  ~ClientStreams();
  ClientStreams(const ClientStreams&) = delete;
  ClientStreams& operator=(const ClientStreams&) = delete;

  // One call.
  void use(ClientParty& party);
  // Its connection is closed: consumptions have come to their end, and are let go of.
  void forget(const ClientParty& party);
  // In a calm: with a client that is connected.
  Result<void> check(ClientParty& party);

 private:
  struct Counted;  // what a consumption has got
  struct Fetched;  // what an ordered consumer was asked for
  void publish(ClientParty& party);
  void publish_async(ClientParty& party);
  void fetch(ClientParty& party);
  void fetch_in_order(ClientParty& party);
  Result<void> fetch_to_the_end(std::uint64_t last_sequence);
  bool take(Fetched& fetched, const Result<std::vector<Delivery>>& got);
  void consume(ClientParty& party);
  void consume_in_order(ClientParty& party);
  void put(ClientParty& party);
  void watch(ClientParty& party);
  void stop_one(ClientParty& party);
  std::shared_ptr<Counted> count_for(ClientParty& party);
  ConsumeOptions options_for(const std::shared_ptr<Counted>& counted);
  void take_ack(const std::string& body, const PubAck& ack);
  Result<void> check_stored(const Stream& stream);
  Result<void> await_consumers(std::uint64_t last_sequence);
  std::optional<KeyValue> bucket_of(ClientParty& party);
  std::optional<Stream> stream_of(ClientParty& party);

  ClientWorld& world_;
  ClientLedger& ledger_;
  SimRandom random_;
  int bodies_ = 0, puts_ = 0;
  std::uint64_t last_revision_ = 0;             // of the bucket, as far as it was answered
  std::map<std::uint64_t, std::string> acked_;  // by sequence
  std::set<std::string> unsure_;                // published, and not acknowledged
  std::set<std::uint64_t> handled_;             // acked deliveries
  std::vector<std::shared_ptr<Counted>> counted_;
  std::map<int, std::unique_ptr<Fetched>> fetched_;  // by client
};

}  // namespace midge::sim
