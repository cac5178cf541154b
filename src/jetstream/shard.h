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
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "broker/internal_receiver.h"
#include "broker/worker.h"
#include "jetstream/effect_queue.h"
#include "jetstream/fwd.h"
#include "jetstream/lonely_consumers.h"
#include "jetstream/stream/stream.h"
#include "store/journal/journal.h"

namespace midge::jetstream {

class Shard final : public broker::LoopService, private store::JournalEvents {
 public:
  Shard(JetStream& jetstream, broker::Worker& worker);
  ~Shard() override;

  // Before the loops start: where what is recorded goes.
  void set_journal(std::unique_ptr<store::Journal> journal) { journal_ = std::move(journal); }
  // A stream that an earlier run left. It serves when the loop starts.
  void adopt(std::unique_ptr<Stream> stream);
  [[nodiscard]] store::JournalEvents& journal_events() { return *this; }
  // A new stream, recorded and serving.
  Stream& make_stream(Stream::Identity identity, StreamConfig config);
  // With all it holds; recorded.
  void delete_stream(Stream& stream);
  [[nodiscard]] Stream* find_stream(StreamId id);
  [[nodiscard]] std::vector<Stream*> streams();

  // What a restart must know of them.
  void record_stream(Stream& stream);
  void record_consumer(Consumer& consumer);
  void record_consumer_removed(Consumer& consumer);
  void record_step(Consumer& consumer, const ConsumerStep& step);
  // What is recorded of the stream between begin and end counts as a whole or not at all.
  void record_group(Stream& stream, bool begin);

  // Leaves when `after` is durable; with zero at the end of this tick.
  void send_when_durable(Effect effect);
  // Leaves at the end of this tick.
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
  // Done at the end of this tick: for what comes in the middle of routing.
  void later(std::function<void()> work) { deferred_.push_back(std::move(work)); }

  // The same, unless the stream is gone by then.
  void later(StreamId id, std::function<void(Stream&)> work) {
    later([this, id, work = std::move(work)] {
      if (Stream* stream = find_stream(id)) work(*stream);
    });
  }

  // Its consumer may have something to do.
  void ready(Consumer& consumer);
  void forget(Consumer& consumer);
  // Its deliver subject has no subscriber: it is made ready when somebody subscribes to it.
  void await_interest(Consumer& consumer);
  void end_wait_for_interest(Consumer& consumer);
  // The stream appended something.
  void touched(Stream& stream);

  // Null: without a disk.
  [[nodiscard]] store::Journal* journal() { return journal_.get(); }
  JetStream& jetstream() { return jetstream_; }
  broker::Worker& worker() { return worker_; }
  io::Timers& timers() { return worker_.loop().timers(); }
  [[nodiscard]] MonoTime now() const { return worker_.now(); }
  [[nodiscard]] WallTime wall() const { return worker_.wall(); }
  [[nodiscard]] MonoTime mono_at(WallTime time) const;
  // 22 letters and digits, as NATS makes its unique ids.
  [[nodiscard]] std::string new_id();
  [[nodiscard]] std::uint64_t random() { return worker_.random(); }

  void on_loop_start() override;
  void on_loop_stop() override;
  void on_tick() override;
  void on_interest(AccountId account, std::string_view pattern) override;

 private:
  void on_durable(store::JournalPosition position) override;
  void on_write_failed(const Error& error) override;
  void on_write_resumed() override;
  void commit();
  [[nodiscard]] bool keeps(const Stream& stream) const;
  void record(const Stream& stream, store::RecordKind kind, std::string_view head,
              std::string_view body);
  void run_deferred();
  void run_ready();
  void release_effects();

  // What a commit makes visible.
  struct Visible {
    store::JournalPosition after;
    StreamId stream;
    store::Sequence last;
  };

  JetStream& jetstream_;
  broker::Worker& worker_;
  std::unique_ptr<store::Journal> journal_;
  tsl::robin_map<std::uint64_t, std::unique_ptr<Stream>> streams_;  // by id
  std::vector<Stream*> touched_;
  std::deque<Visible> to_show_;
  EffectQueue waiting_, leaving_;
  std::vector<std::function<void()>> deferred_;
  int publishing_ = 0;  // how deep
  std::deque<Consumer*> ready_;
  LonelyConsumers lonely_;
};

}  // namespace midge::jetstream
