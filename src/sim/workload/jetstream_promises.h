// Random publishes, acknowledgements and requests to JetStream by a few clients, in a server whose
// power fails: what was answered holds in the next life, whatever the disk lost.
//
// A workload is one life of the server; the memory outlives it. setup() compares what is there with
// what was promised, step() does things until they are answered or the disk is off.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "sim/workload/jetstream_memory.h"
#include "sim/workload/sim_client.h"
#include "sim/workload/workload.h"

namespace midge::sim {

class JetStreamPromises final : public Workload {
 public:
  using Connect = std::function<std::unique_ptr<io::PipeClient>()>;
  using Memories = std::map<std::string, StreamMemory>;

  JetStreamPromises(SimEnv& env, Connect connect, Memories& memories, int& next_body);
  ~JetStreamPromises() override;

  // The disk fails now and then: requests may be answered with errors, which promise nothing, or
  // not before it was mended.
  void expect_refusals(std::function<void()> mend) { mend_ = std::move(mend); }

  Result<void> setup() override;
  Result<void> step() override;
  // Takes in all that was still under way when the disk went off.
  Result<void> check() override;

 private:
  struct Answer {
    bool came = false;  // false: the power went before it did
    std::string headers, payload;
    [[nodiscard]] bool is_error() const { return payload.find("\"error\"") != std::string::npos; }
  };
  struct Waiting {
    std::string stream, body;  // a publish
    std::uint64_t acks = 0;    // an ack
    Answer* answer = nullptr;  // a request
  };

  Answer ask(const std::string& subject, const std::string& body);
  Result<void> take_all();
  Result<void> take(std::size_t client, const Received& message);
  Result<void> take_delivery(std::size_t client, const Received& message);
  Result<std::map<std::uint64_t, std::string>> read(const StreamMemory& memory, std::uint64_t last);
  Result<void> compare_stream(StreamMemory& memory);

  Result<void> make_stream();
  void publish_some();
  void pull_some();
  Result<void> remove_one(StreamMemory& memory);
  Result<void> purge(StreamMemory& memory);
  Result<void> delete_stream(std::string name);
  // Whether it was done; the error: an answer that may not be.
  Result<bool> was_done(const std::string& what, const Answer& answer) const;
  Result<void> make_consumer(StreamMemory& memory);
  StreamMemory* draw_stream();

  SimEnv& env_;
  SimRandom random_;
  Memories& memories_;
  int& next_body_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::map<std::string, Waiting> waiting_;  // by inbox
  int next_inbox_ = 0;
  std::function<void()> mend_;  // null: the disk is good
  Result<void> held_;           // the first promise that was broken
};

}  // namespace midge::sim
