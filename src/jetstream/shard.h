// JetStream on one loop: its journal, the streams that live here, their timers, and what waits for
// the disk before it may leave.
//
// A tick (on_tick): what streams took in is committed, consumers that are ready deliver within a
// budget, answers whose ground is durable leave. Thread: its loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "broker/internal_receiver.h"
#include "broker/worker.h"
#include "jetstream/archive/archives.h"
#include "jetstream/effect_queue.h"
#include "jetstream/fwd.h"
#include "jetstream/lonely_consumers.h"
#include "jetstream/memory_round.h"
#include "jetstream/shard_clock.h"
#include "jetstream/stream/stream.h"
#include "jetstream/upkeep.h"
#include "store/checkpoint.h"
#include "store/journal/journal.h"

namespace midge::jetstream {

class Shard final : public broker::LoopService, private store::JournalEvents {
 public:
  Shard(JetStream& jetstream, broker::Worker& worker);
  ~Shard() override;

  // Before the loop starts, or on it. Streams serve as soon as it runs.
  void inherit(Heritage heritage);
  [[nodiscard]] bool has_run() const { return runs_; }
  // When the loop has ended: what its streams hold, written, and not synced; then, when that is
  // durable, what nobody needs any more goes. Both block.
  Result<store::CheckpointPart> take_last_checkpoint();
  void end_after_checkpoint();
  [[nodiscard]] store::JournalEvents& journal_events() { return *this; }
  // A new stream, recorded and serving.
  Stream& make_stream(Stream::Identity identity, StreamConfig config);
  // The same for one whose backup comes in: it serves nobody, and a restart forgets it, until
  // complete_restore().
  Stream& begin_restore(Stream::Identity identity, StreamConfig config);
  void complete_restore(Stream& stream);
  // With all it holds; recorded.
  void delete_stream(Stream& stream);
  [[nodiscard]] Stream* find_stream(StreamId id);
  [[nodiscard]] std::vector<Stream*> streams();
  // In no order; for whoever looks at them in steps.
  [[nodiscard]] std::vector<StreamId> stream_ids() const;
  // Those that are on disk.
  [[nodiscard]] std::vector<Stream*> kept_streams();

  // What a restart must know of them.
  void record_stream(Stream& stream);
  void record_consumer(Consumer& consumer);
  void record_consumer_removed(const Stream& stream, store::ConsumerId consumer);
  // A whole state, in place of steps.
  void record_progress(Consumer& consumer, const ConsumerProgress& progress);
  // Those of one run of a consumer go together.
  void record_step(Consumer& consumer, const ConsumerStep& step);
  // What is recorded of the stream between begin and end counts as a whole or not at all.
  void record_group(Stream& stream, bool begin);

  // Leaves when `after` is durable; with zero at the end of this tick.
  void send_when_durable(const EffectView& effect);
  // Leaves at the end of this tick; what a consumer says in its turn at once, so that it keeps its
  // place among what that delivers.
  void send(AccountId account, std::string_view to, std::string_view header, std::string_view body);
  // At once; only within on_tick().
  broker::Published publish_now(std::string_view to, const broker::Message& message) {
    ++publishing_;
    const broker::Published published = worker_.publish_internal(to, message);
    --publishing_;
    return published;
  }
  // For receivers: whether `message` comes out of publish_now(), in the middle of what a stream or
  // consumer is at. Then `again` is called with a copy of it at the end of this tick or in the
  // next.
  bool put_off(StreamId id, const broker::Message& message,
               std::function<void(Stream&, const broker::Message&)> again);
  // There is something to do for on_tick(): for this tick's, if that is yet to come.
  void tick_again() {
    if (ticked_ == now()) worker_.loop().tick_again();
  }
  // Done at the end of this tick: for what comes in the middle of routing.
  void later(std::function<void()> work) {
    deferred_.push_back(std::move(work));
    tick_again();
  }

  // The same, unless the stream is gone by then.
  void later(StreamId id, std::function<void(Stream&)> work) {
    later([this, id, work = std::move(work)] {
      if (Stream* stream = find_stream(id)) work(*stream);
    });
  }

  // Its consumer may have something to do.
  void ready(Consumer& consumer);
  void forget(Consumer& consumer);
  // It was made just now: it delivers nothing before whoever made it was told.
  void hold(Consumer& consumer);
  // Its deliver subject has no subscriber: it is made ready when somebody subscribes to it.
  void await_interest(Consumer& consumer);
  void end_wait_for_interest(Consumer& consumer);
  // The stream appended something.
  void touched(Stream& stream);

  // Why messages and streams that belong on disk are refused now; nullopt: they are taken.
  [[nodiscard]] std::optional<ApiError> write_refusal() const;
  // The same of what a journal has room for while the disk is full.
  [[nodiscard]] std::optional<ApiError> record_refusal() const;
  // Nothing can be written, and so much waits that whatever would add to it is left undone.
  [[nodiscard]] bool is_clogged() const;

  // Null: without a disk.
  [[nodiscard]] store::Journal* journal() { return journal_.get(); }
  JetStream& jetstream() { return jetstream_; }
  Archives& archives() { return archives_; }
  broker::Worker& worker() { return worker_; }
  io::Timers& timers() { return worker_.loop().timers(); }
  ShardClock& clock() { return clock_; }
  [[nodiscard]] MonoTime now() const { return clock_.now(); }
  [[nodiscard]] WallTime wall() const { return clock_.wall(); }
  // 22 letters and digits, as NATS makes its unique ids.
  [[nodiscard]] std::string new_id();
  [[nodiscard]] std::uint64_t random() { return worker_.random(); }

  void on_loop_start() override;
  void on_loop_stop() override;
  void on_goodbye() override;
  void on_tick() override;
  void on_memory_tight() override { memory_round_.give_way(); }
  void on_interest(AccountId account, std::string_view pattern) override;

 private:
  void on_durable(store::JournalPosition position) override;
  void on_write_failed(const Error& error) override;
  void on_write_resumed() override;
  void forget_failure();
  void record_steps(Consumer& consumer);
  void commit();
  void adopt(std::unique_ptr<Stream> stream);
  [[nodiscard]] bool keeps(const Stream& stream) const;
  Stream& add_stream(Stream::Identity identity, StreamConfig config);
  void record(const Stream& stream, store::RecordKind kind, std::string_view head,
              std::string_view body);
  void record(const Stream& stream, store::ConsumerId consumer, store::RecordKind kind,
              std::string_view body);
  void record(Consumer& consumer, store::RecordKind kind, std::string_view body);
  void run_deferred();
  void run_ready();
  void release_effects();
  void release_held();
  static broker::Message message_of(const EffectView& effect);

  // What a commit makes visible.
  struct Visible {
    store::JournalPosition after;
    StreamId stream;
    store::Sequence last;
    Taken taken;
  };

  struct Held {
    store::JournalPosition after;
    StreamId stream;
    store::ConsumerId consumer;
  };

  JetStream& jetstream_;
  broker::Worker& worker_;
  ShardClock clock_;
  std::unique_ptr<store::Journal> journal_;
  store::JournalPosition counted_;  // what the disk watch knows of
  std::optional<Error> write_failure_;
  std::unique_ptr<Checkpointing> checkpointing_;                    // null: without a disk
  tsl::robin_map<std::uint64_t, std::unique_ptr<Stream>> streams_;  // by id
  Archives archives_{*this};
  MemoryRound memory_round_{*this};
  Upkeep upkeep_{*this};
  bool runs_ = false;
  MonoTime ticked_{-1};  // when on_tick() began last
  std::vector<Stream*> touched_;
  std::deque<Visible> to_show_;
  std::deque<Held> held_;
  EffectQueue waiting_, leaving_;
  Consumer* running_ = nullptr;
  std::string steps_;  // of the one that runs, not recorded yet
  std::size_t last_step_ = 0;
  std::optional<ConsumerStep::Kind> last_kind_;
  std::vector<std::function<void()>> deferred_;
  int publishing_ = 0;  // how deep
  bool committing_ = false;
  std::deque<Consumer*> ready_;
  LonelyConsumers lonely_;
};

}  // namespace midge::jetstream
