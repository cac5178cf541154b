// A backup of a stream on its way to whoever asked: consumers, then messages, are read in steps,
// compressed on the pool and sent in chunks, of which so many are under way as the window allows.
//
// It shows the stream as of its begin: later messages are not in it, those that went meanwhile may
// be missing. Nothing leaves before the stream as of then is durable. Format:
// docs/formats/archive.md. Thread: the loop's; one job of it at a time on the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/s2_stream.h"
#include "io/timer.h"
#include "jetstream/api/info.h"
#include "jetstream/archive/archives.h"
#include "jetstream/member_receiver.h"
#include "store/stream_store.h"
#include "subject/target.h"

namespace midge::jetstream {

struct SnapshotTerms {
  static constexpr const char* kGoType = "server.JSApiStreamSnapshotRequest";
  std::string deliver_subject;
  bool no_consumers = false, check = false;
  std::int64_t chunk_size = 0, window_size = 0;
};
template <class Visitor>
void describe(Visitor& v, SnapshotTerms& t) {
  v.name("JSApiStreamSnapshotRequest")
      .field("deliver_subject", t.deliver_subject)
      .unless_empty("no_consumers", t.no_consumers);
  v.unless_empty("chunk_size", t.chunk_size).unless_empty("window_size", t.window_size);
  v.unless_empty("jsck", t.check);
}

class StreamSnapshot final : public ArchiveTask {
 public:
  // `state`: of the stream, as it was told to whoever asked.
  StreamSnapshot(Stream& stream, SnapshotTerms terms, StreamState state);
  ~StreamSnapshot() override;

  bool run() override;
  void stream_removed(store::StreamId id) override;

 private:
  class PackJob;

  // Whether the receiver is there; it gets a moment to come.
  bool await_interest();
  void produce();
  void gather_consumers();
  void write_entry(std::string_view name, std::int64_t time, std::uint64_t sequence,
                   std::string_view header, std::string_view payload);
  bool write_message(store::Sequence sequence);
  void pack();
  void packed(PackJob& job);
  void send_chunks();
  void send(std::string_view header, std::string_view bytes, std::string_view reply);
  void fail(std::string_view status, std::string error);
  void finish();
  void on_ack(const broker::Message& message);
  void on_timer() { wake(); }

  Stream& stream_;
  Shard& shard_;
  const SnapshotTerms terms_;
  const StreamState state_;
  const AccountId account_;
  const std::string label_;  // `account > stream`
  const std::size_t chunk_size_;
  const store::JournalPosition mark_;  // what it shows rests on this
  const WallTime started_;
  const std::uint64_t lost_before_;
  const MonoTime interest_by_;
  bool begun_ = false;

  // Reading.
  std::vector<store::ConsumerId> consumers_;  // not written yet, in reverse
  std::string consumer_entries_;
  std::int64_t consumer_count_ = 0;
  bool has_head_ = false, is_read_ = false;
  store::Sequence at_;
  std::string plain_;
  std::unique_ptr<codec::S2Writer> writer_;  // null: a job has it
  bool all_packed_ = false;

  // Sending.
  std::string packed_;
  std::size_t sent_ = 0;  // of `packed_`
  const std::uint64_t slots_max_;
  std::uint64_t slots_;
  std::uint64_t index_ = 1;
  const std::string ack_subject_;
  std::optional<subject::Target> ack_subscription_;
  MonoTime ack_by_{};
  std::string final_header_;
  std::optional<std::string> error_;
  bool stream_is_gone_ = false;

  MemberReceiver<&StreamSnapshot::on_ack> acks_{*this};
  io::MemberTimer<&StreamSnapshot::on_timer> timer_{*this};
};

}  // namespace midge::jetstream
