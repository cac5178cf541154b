// Hours of random pulls, acknowledgements, pauses and removals over many consumers: whoever waits
// while something is deliverable gets it soon.
//
// The workload knows what is deliverable from what clients see: which sequences were given to which
// subjects, what each consumer was given last, what is not acknowledged and since when. step() is
// some seconds of that. Threads: none.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "sim/workload/sim_client.h"
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
  struct Stream {
    std::string name;
    bool work_queue = false;
    std::map<std::uint64_t, unsigned> messages;  // those surely there: sequence, subject
    std::uint64_t last = 0;
  };
  struct Held {
    MonoTime due{};
    unsigned deliveries = 1;
    std::string reply;
  };
  struct Request {
    std::string inbox;
    std::uint64_t left = 0;
  };
  struct Consumer {
    Stream* stream = nullptr;
    unsigned number = 0, generation = 0;
    int subject = -1;  // of ten; -1: all
    bool push = false, flow_control = false;
    Duration ack_wait{};
    unsigned max_deliver = 0, max_ack_pending = 0;
    std::string name;
    // As far as clients know.
    std::uint64_t delivered = 0;
    std::map<std::uint64_t, Held> held;
    std::map<std::uint64_t, MonoTime> answered;  // when each was; not for long
    std::deque<Request> requests;
    bool bound = false;
    MonoTime paused_until{}, next_action{}, quiet_since{};
  };

  void make_streams();
  void make(Consumer& consumer);
  void act(Consumer& consumer);
  void pull(Consumer& consumer);
  void answer_some(Consumer& consumer);
  void toggle(Consumer& consumer);
  void pause(Consumer& consumer);
  void publish();
  void remove_message();
  void gone(Stream& stream, std::uint64_t sequence);
  Result<void> take_all();
  Result<void> take(std::size_t client, const Received& message);
  Result<void> take_delivery(Consumer& consumer, const Received& message);
  void take_status(std::size_t client, Consumer& consumer, const Received& message);
  // What waits for somebody to ask; "" = nothing.
  [[nodiscard]] std::string deliverable(const Consumer& consumer) const;
  [[nodiscard]] static bool is_waited_for(const Consumer& consumer);
  Result<void> watch();
  SimClient& client_of(const Consumer& consumer) {
    return *clients_[consumer.number % clients_.size()];
  }
  [[nodiscard]] std::string inbox_of(const Consumer& consumer) const;

  SimEnv& env_;
  SimRandom random_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<Stream> streams_;
  std::vector<Consumer> consumers_;
  std::map<std::string, std::pair<Stream*, unsigned>> published_;  // by inbox: where, the subject
  int next_inbox_ = 0;
  std::uint64_t deliveries_ = 0, redeliveries_ = 0, publishes_ = 0, requests_ = 0, removals_ = 0;
  Duration longest_{};
};

}  // namespace midge::sim
