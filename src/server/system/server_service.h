// Answers operators about this server itself, in the system account: its reload.
//
// Life: made before the broker, attached to one worker before the loops run, outlives the broker.
// Thread: that worker's loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/internal_receiver.h"
#include "broker/worker.h"
#include "io/clock.h"
#include "server/system/server_json.h"

namespace midge::server {

class ServerService final : public broker::LoopService, private broker::InternalReceiver {
 public:
  using Reload = std::function<Result<void>()>;

  using Sequence = std::shared_ptr<std::atomic<std::uint64_t>>;  // of all that the server tells

  ServerService(std::function<ServerFacts()> facts, Sequence sequence, io::Clock& clock)
      : facts_(std::move(facts)), sequence_(std::move(sequence)), clock_(clock) {}

  void attach(broker::Worker& worker);
  // Before the loops run: who reloads. Without it, nobody is asked to.
  void on_reload(Reload reload) { reload_ = std::move(reload); }

  void on_loop_start() override;
  void on_tick() override;

 private:
  struct Request {
    std::string reply, body;
  };

  void on_message(const broker::Message& message) override;
  void answer(const Request& request);
  [[nodiscard]] std::string answer_json(const ServerFacts& facts, int code,
                                        const std::string& error);

  std::function<ServerFacts()> facts_;
  Sequence sequence_;
  io::Clock& clock_;
  Reload reload_;
  broker::Worker* worker_ = nullptr;
  std::vector<Request> requests_;  // of this tick
};

}  // namespace midge::server
