// Answers operators about JetStream and health, in the system account: JSZ and HEALTHZ, of this
// server (by its id), of all servers (PING), of an account.
//
// Life: made before the broker, attached to loop 0's worker before the loops run, outlives the
// broker. Thread: that loop's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/internal_receiver.h"
#include "broker/worker.h"
#include "io/clock.h"
#include "jetstream/jetstream.h"
#include "server/monitor/healthz.h"
#include "server/monitor/jsz.h"
#include "server/system/server_json.h"

namespace midge::server {

class AssetService final : public broker::LoopService, private broker::InternalReceiver {
 public:
  using Sequence = std::shared_ptr<std::atomic<std::uint64_t>>;  // of all that the server tells

  AssetService(std::function<ServerFacts()> facts, Sequence sequence, io::Clock& clock)
      : facts_(std::move(facts)), sequence_(std::move(sequence)), clock_(clock) {}

  // `jetstream`: null without it.
  void attach(broker::Broker& broker, jetstream::JetStream* jetstream);

  void on_loop_start() override;
  void on_tick() override;

 private:
  struct Request {
    std::string subject, reply, body;
  };
  // Its data, or null and an error.
  using Write = std::function<void(codec::JsonWriter&)>;

  void on_message(const broker::Message& message) override;
  void take(const Request& request);
  void take_jsz(const Request& request, const ServerFacts& facts);
  void take_account_jsz(const Request& request);
  void take_healthz(const Request& request);
  // `done` in this tick or a later one; an empty report without JetStream.
  void report(std::function<void(const jetstream::Report&)> done);
  [[nodiscard]] Jsz jsz(const ServerFacts& facts) const;
  void answer(std::string_view to, const Write& write);
  void fail(std::string_view to, int code, std::string_view why, bool with_data);

  std::function<ServerFacts()> facts_;
  Sequence sequence_;
  io::Clock& clock_;
  broker::Broker* broker_ = nullptr;
  broker::Worker* worker_ = nullptr;
  jetstream::JetStream* jetstream_ = nullptr;
  std::vector<Request> requests_;  // of this tick
};

}  // namespace midge::server
