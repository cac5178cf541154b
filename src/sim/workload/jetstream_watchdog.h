// Hours of random pulls, acknowledgements, pauses and removals over many consumers, and of a wall
// clock that is set now and then: whoever waits while something is deliverable gets it soon.
//
// The workload knows what is deliverable from what clients see: which sequences were given to which
// subjects, and `watched_consumer.h` of each consumer. step() is less than a second of that.
// Threads: none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "sim/workload/sim_client.h"
#include "sim/workload/watched_consumer.h"
#include "sim/workload/workload.h"

namespace midge::sim {

class JetStreamWatchdog final : public Workload {
 public:
  using Connect = std::function<std::unique_ptr<io::PipeClient>()>;

  JetStreamWatchdog(SimEnv& env, Connect connect);
  ~JetStreamWatchdog() override;

  Result<void> setup() override;
  Result<void> step() override;
  Result<void> check() override;
  // What happened, for a report.
  [[nodiscard]] std::string summary() const;

 private:
  using Stream = WatchedStream;
  using Consumer = WatchedConsumer;

  void make_streams();
  void make(Consumer& consumer);
  void replace(Consumer& consumer);
  // A request to the API about this consumer; the error it may answer ends the run.
  void ask(const Consumer& consumer, const std::string& what, const std::string& body);

  void act(Consumer& consumer);
  void pull(Consumer& consumer);
  void end(Consumer& consumer, std::list<Consumer::Request>::iterator request);
  void answer_some(Consumer& consumer);
  void toggle(Consumer& consumer);
  void unbind(Consumer& consumer);
  void pause(Consumer& consumer);
  void publish();
  void remove_message();

  Result<void> take_all();
  Result<void> take(std::size_t client, const Received& message);
  Result<void> take_publish_ack(const Received& message);
  Result<void> take_delivery(Consumer& consumer, const Received& message);
  void take_status(std::size_t client, Consumer& consumer, const Received& message);
  Result<void> watch();
  // For a report.
  std::string info_of(const Consumer& consumer);
  SimClient& client_of(const Consumer& consumer) {
    return *clients_[consumer.number % clients_.size()];
  }

  SimEnv& env_;
  SimRandom random_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<Stream> streams_;
  std::vector<Consumer> consumers_;
  std::map<std::string, std::pair<Stream*, unsigned>> published_;  // by inbox: where, the subject
  std::map<int, unsigned> requested_;  // by subscription: the consumer's number
  std::string last_answer_;
  int next_inbox_ = 0, next_request_ = 0;
  std::uint64_t deliveries_ = 0, redeliveries_ = 0, publishes_ = 0, requests_ = 0, removals_ = 0;
  Duration longest_{};
};

}  // namespace midge::sim
