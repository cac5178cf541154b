// Random requests to JetStream, one after the other, and the same to a model: states and deliveries
// must be equal.
//
// A workload is one life of the server; the world outlives it. step() is one phase: for a tenth of
// it things are done, then time passes, and what is to happen later happens: every duration that
// the server is told ends in the part of a phase that is its kind's (see stream_model.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "sim/workload/sim_client.h"
#include "sim/workload/stream_model.h"
#include "sim/workload/workload.h"

namespace midge::sim {

// What there is, in the model's eyes.
struct ModelWorld {
  std::map<std::string, ModelStream> streams;
  int phase = 0;
  int next_name = 1, next_body = 1;
};

class JetStreamEquality final : public Workload {
 public:
  using Connect = std::function<std::unique_ptr<io::PipeClient>()>;

  JetStreamEquality(SimEnv& env, Connect connect, ModelWorld& world);
  ~JetStreamEquality() override;

  // What there is after a restart is what there was before.
  Result<void> setup() override;
  Result<void> step() override;
  Result<void> check() override;

  // The last requests and what came of them, for a report.
  [[nodiscard]] std::string history() const;

 private:
  struct Inbox {
    std::string stream, consumer;
  };
  struct Answer {
    std::string headers, payload;
    [[nodiscard]] int error() const;
  };

  // ---- talking
  Result<Answer> ask(const std::string& subject, const std::string& body);
  // The same, and an answer that is no error.
  Result<Answer> demand(const std::string& subject, const std::string& body);
  Result<std::vector<Answer>> await(const std::vector<std::string>& inboxes);
  std::string new_inbox();
  Result<void> take_all();
  Result<void> take(const Received& message);
  // All that is to come has come, and nothing is missing.
  Result<void> drain();
  Result<void> is_settled();

  // ---- what is done
  Result<void> do_something();
  Result<void> make_stream();
  Result<void> update_stream(ModelStream& stream);
  Result<void> delete_stream(const std::string& name);
  Result<void> publish(ModelStream& stream);
  Result<void> remove(ModelStream& stream);
  Result<void> purge(ModelStream& stream);
  Result<void> make_consumer(ModelStream& stream);
  Result<void> delete_consumer(ModelStream& stream, const std::string& name);
  Result<void> pause(ModelStream& stream, ModelConsumer& consumer);
  Result<void> pull(ModelStream& stream, ModelConsumer& consumer);
  Result<void> answer(ModelStream& stream, ModelConsumer& consumer);
  void listen(const std::string& stream, ModelConsumer& consumer);
  // Push consumers' receivers.
  Result<void> bind_all(bool bound);
  // Nothing is left whose end the server may have seen or not.
  Result<void> make_certain();

  // ---- comparing
  Result<void> compare();
  Result<void> compare_stream(ModelStream& stream);
  Result<void> figures_are_equal(ModelStream& stream);
  Result<void> compare_messages(ModelStream& stream);
  Result<void> compare_consumer(ModelStream& stream, ModelConsumer& consumer);

  std::string draw_subject(const ModelStream& stream);
  void pass_until(Duration into_phase);
  void note(std::string text);
  Result<void> for_all_consumers(
      const std::function<Result<void>(ModelStream&, ModelConsumer&)>& work);

  SimEnv& env_;
  SimRandom random_;
  ModelWorld& world_;
  std::unique_ptr<SimClient> client_;
  std::map<std::string, Answer> answers_;  // by inbox
  std::map<int, Inbox> consumers_;         // by subscription
  std::map<std::string, int> sids_;        // by stream.consumer
  std::map<int, std::multiset<std::string>> statuses_;
  std::vector<std::string> history_;
  int next_sid_ = 2;
  int next_inbox_ = 0;
  MonoTime phase_begin_{};
  bool is_first_life_ = true;
};

}  // namespace midge::sim
