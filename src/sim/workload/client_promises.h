// Random calls of clients whose connections break and whose server comes and goes; then a calm, in
// which all has to work.
//
// Always: each callback and each call comes to its end, once and in time; messages come once, in
// order; what is closed is released. In a calm: whoever lost the connection has one again soon, and
// what is published comes to everybody.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/workload/client_party.h"
#include "sim/workload/client_streams.h"
#include "sim/workload/workload.h"

namespace midge::sim {

class ClientPromises final : public Workload {
 public:
  explicit ClientPromises(ClientWorld& world);
  ~ClientPromises() override;

  Result<void> setup() override;
  Result<void> step() override;
  Result<void> check() override;
  [[nodiscard]] const ClientLedger& ledger() const { return ledger_; }

 private:
  using Call = void (ClientPromises::*)(ClientParty&);
  void plan_faults();
  void plan_fault(Duration delay);
  Result<void> calm();
  Result<void> reconnect_all();
  Result<void> exchange(int round);
  void fill_up();
  Options draw_options();
  ClientReader* draw_reader(ClientParty& party);

  void publish(ClientParty& party);
  void subscribe(ClientParty& party);
  void take_next(ClientParty& party);
  void unsubscribe(ClientParty& party);
  void drain_subscription(ClientParty& party);
  void request(ClientParty& party);
  void request_async(ClientParty& party);
  void request_many(ClientParty& party);
  void flush(ClientParty& party);
  void wait(ClientParty& party);
  void reconnect(ClientParty& party);
  void close(ClientParty& party);
  void drain(ClientParty& party);
  void use_streams(ClientParty& party);

  ClientWorld& world_;
  SimRandom random_;
  ClientLedger ledger_;
  ClientParties parties_;  // all there ever were
  std::vector<ClientParty*> present_;
  std::unique_ptr<ClientStreams> streams_;
  std::shared_ptr<int> here_ = std::make_shared<int>();  // for what is planned
  int round_ = 0;
  int asked_ = 0;
};

}  // namespace midge::sim
