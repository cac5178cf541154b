// How a published message becomes part of a stream: what it expects, deduplication, limits; then a
// sequence and an acknowledgement. Files: ingest.cc (taking in), ingest_checks.cc (what is
// refused), ingest_counter.cc, ingest_batch.cc (messages that come in all at once), ingest_fast.cc
// (one after the other). Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "broker/internal_receiver.h"
#include "broker/message.h"
#include "io/timer.h"
#include "jetstream/api/error.h"
#include "jetstream/fwd.h"
#include "jetstream/stream/atomic_batch.h"
#include "jetstream/stream/fast_batch.h"
#include "jetstream/stream/ingest_headers.h"
#include "store/ids.h"
#include "subject/transform.h"

namespace midge::jetstream {

// As a publisher is told.
struct PublishAck {
  store::Sequence sequence;
  bool duplicate = false;
  std::string value;  // of a counter
  std::string batch;
  std::uint64_t batch_count = 0;
  bool is_staged = false;  // one of a batch that goes on: there is nothing to say yet
};

class Ingest {
 public:
  explicit Ingest(Stream& stream) : stream_(stream) {}

  // After each change of the stream's configuration.
  void configure();
  // One message, as published. The answer goes through the shard.
  void take(const broker::Message& message, WallTime now);
  // The same for a message whose way is told. `only`: it is judged, and not stored.
  broker::StreamTrace take_traced(const broker::Message& message, WallTime now, bool only);
  // What the stream's own schedules make: it was checked with the schedule.
  void take_produced(std::string_view subject, std::string_view header, std::string_view payload,
                     WallTime now);
  // A sum that another counter, `origin`, sent.
  void take_sourced_count(std::string_view subject, std::string_view header,
                          std::string_view payload, const std::string& origin,
                          const std::string& origin_subject, WallTime now);
  // Batches that are not complete are forgotten.
  void close();

 private:
  // Views into a message on its way, and what the stream makes of it.
  struct Incoming {
    std::string_view subject, header, payload;
    IngestHeaders fields;
    std::string made_header, made_payload;  // where the stream stores something else
    std::string value;                      // of a counter, with this increment

    [[nodiscard]] std::size_t size() const { return header.size() + payload.size(); }
    [[nodiscard]] std::string_view stored_header() const {
      return made_header.empty() ? header : made_header;
    }
    [[nodiscard]] std::string_view stored_payload() const {
      return made_payload.empty() ? payload : made_payload;
    }
  };
  // What the messages before this one in its batch will have changed when its turn comes.
  struct Ahead {
    std::uint64_t messages = 0, bytes = 0;
    std::map<std::string, std::uint64_t, std::less<>> subjects;  // how often each
    std::map<std::string, std::string, std::less<>> counters;
    std::set<std::string, std::less<>> ids;
    void add(const Incoming& incoming, std::uint64_t size);
  };
  struct CounterState {
    std::string value = "0", sources;  // sources: of the header that says them
  };
  struct Stored {
    store::Sequence sequence, before;  // before: the last one of this subject until then
  };
  using Outcome = ApiResult<PublishAck>;
  using Refusal = std::optional<ApiError>;

  // As the stream sees it; views of the message, and of mapped_.
  Incoming incoming_of(const broker::Message& message);
  Outcome process(Incoming& incoming, WallTime now);
  // The last of its steps, for what stands alone: `incoming` has its fields.
  Outcome take_in(Incoming& incoming, WallTime now);
  // Its begin: what is refused, or there already, whatever the rest says.
  std::optional<Outcome> settle(const Incoming& incoming, WallTime now);
  // As process() would, but for what only storing finds out.
  Outcome judge(Incoming& incoming, WallTime now);
  [[nodiscard]] std::string trace_text(const Incoming& incoming, const ApiError& error);
  // All that makes `incoming` part of the stream but its republishing. Nothing refuses it any more.
  Stored store(const Incoming& incoming, WallTime now);
  void remember_id(const IngestHeaders& fields, store::Sequence sequence);
  void roll_up(const Incoming& incoming, store::Sequence sequence);
  void answer(std::string_view reply, const Outcome& outcome);
  void refuse_overload(std::string_view reply);
  [[nodiscard]] std::string error_text(const ApiError& error) const;
  // When all that the stream has taken is on the disk; what rests on nothing need not wait for
  // that.
  void say(std::string_view reply, std::string_view payload, bool waits = true);
  void republish(const Incoming& incoming, Stored stored, WallTime now);

  // In the order in which they are asked; from the expectations to the schedule by check_header().
  [[nodiscard]] Refusal check_header(const Incoming& incoming, const Ahead& ahead);
  [[nodiscard]] Refusal check_size(const Incoming& incoming) const;
  [[nodiscard]] Refusal check_allowed(const Incoming& incoming) const;
  [[nodiscard]] Refusal check_expectations(const Incoming& incoming, const Ahead& ahead);
  // The part of it that comes before message ids.
  [[nodiscard]] Refusal check_expected_sequences(const Incoming& incoming, const Ahead& ahead);
  [[nodiscard]] Refusal check_rollup(const Incoming& incoming, const Ahead& ahead) const;
  [[nodiscard]] Refusal check_schedule(const Incoming& incoming) const;
  [[nodiscard]] Refusal check_limits(const Incoming& incoming, const Ahead& ahead);
  // Of the subject's last message. Nullopt: that is no counter's.
  [[nodiscard]] std::optional<CounterState> counter_state(std::string_view subject);
  [[nodiscard]] Refusal count(Incoming& incoming, const Ahead& ahead);
  // The last five, and what they make of it.
  [[nodiscard]] Refusal prepare(Incoming& incoming, const Ahead& ahead);
  void add_headers(Incoming& incoming) const;

  // Batches of either kind.
  template <class Batch>
  [[nodiscard]] BatchLimits limits_of() const;
  // `last`: when something of one came.
  void arm_batch_timer(MonoTime last);
  void on_batch_timer();

  // Atomic ones.
  Outcome stage(const Incoming& incoming, WallTime now);
  Outcome commit(std::string_view id, WallTime now);
  Outcome refuse_batch(std::string_view id, ApiError error, std::string_view advised = {});
  void close_batch(std::string_view id);
  void close_batches();

  // Fast ones.
  void take_fast(std::string_view reply, Incoming incoming, WallTime now);
  [[nodiscard]] ApiResult<FastBatch*> open_fast(const std::optional<FastPlace>& place,
                                                const Incoming& incoming);
  void answer_ping(std::string_view reply, const FastPlace& place, FastBatch& batch);
  // Whether there is something to store. Else all was said.
  bool follows(std::string_view reply, const FastPlace& place, FastBatch& batch);
  void store_fast(std::string_view reply, const FastPlace& place, FastBatch& batch,
                  Incoming& incoming, WallTime now);
  void end_fast(std::string_view reply, const FastPlace& place, const FastBatch& batch);
  void close_fast(std::string_view id);
  void close_fast_batches();
  void say_flow(std::string_view reply, const FastBatch& batch);
  void say_gap(std::string_view reply, std::uint64_t expected, std::uint64_t came);
  void say_error(std::string_view reply, std::uint64_t place, const ApiError& error);

  Stream& stream_;
  std::optional<subject::Transform> transform_;
  std::optional<subject::Transform> republish_;
  std::string mapped_;
  std::string ack_start_;  // `{"stream":"A","seq":`
  std::string answer_;
  std::string last_message_id_;
  MonoTime complain_again_{};
  AtomicBatches batches_;
  FastBatches fast_batches_;
  io::MemberTimer<&Ingest::on_batch_timer> batch_timer_{*this};
};

}  // namespace midge::jetstream
