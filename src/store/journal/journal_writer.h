// The journal of a loop as it is written.
//
//   gathered_ ──► (one batch at a time) WriteJob on the disk pool ──► on_written() ──► on_durable()
//
// Where nothing waits for a sync, a write is a copy into the kernel's cache, which takes less than
// handing it to a thread and back: small ones are done here. One that takes long (the kernel slows
// down who writes more than the disk takes) sends those that follow to the pool for a while.
//
// One segment is active; the next is made when it is half full, so that no commit waits for it. A
// batch whose write failed goes back to the front and is written again, to another segment.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "io/timers.h"
#include "store/journal/batch_buffer.h"
#include "store/journal/commit_pace.h"
#include "store/journal/journal.h"
#include "store/journal/last_made.h"
#include "store/journal/open_segment.h"
#include "store/journal/segment_files.h"

namespace midge::store {

class JournalWriter final : public Journal {
 public:
  JournalWriter(io::Env& env, io::Loop& loop, JournalOptions options, JournalEvents& events);
  ~JournalWriter() override;
  // Blocks. Before anything else.
  Result<void> make_first_segment();

  JournalPosition append(StreamId stream, RecordKind kind,
                         std::span<const std::string_view> body) override;
  [[nodiscard]] std::size_t body_max() const override;
  [[nodiscard]] JournalPosition appended() const override { return appended_; }
  [[nodiscard]] JournalPosition durable() const override { return durable_; }
  [[nodiscard]] bool is_writable() const override { return !failure_; }
  [[nodiscard]] std::size_t waiting() const override { return appended_ - durable_; }
  void commit() override { write_next(); }
  void release_before(JournalPosition position) override;
  [[nodiscard]] std::uint64_t unreleased() const override { return appended_ - released_; }
  [[nodiscard]] JournalFigures figures() const override { return figures_; }

 private:
  class Job;
  class WriteJob;
  class MakeJob;
  class SyncJob;
  class LetGoJob;
  struct ClosedSegment {
    std::uint32_t number;
    JournalPosition end;
    Spent spent;
  };

  // Writes the first of the batches that gathered, if it is time.
  void write_next();
  // The write of a batch that nobody syncs now. False: it goes to the pool.
  bool write_here(WriteJob& job);
  // There is an active segment with room for a batch of this size; false: not yet.
  bool has_room(std::size_t records);
  void take_spare(SegmentFile file);
  void begin_segment();
  void close_segment();
  void make_spare();
  void let_go(std::vector<ClosedSegment> segments);

  void on_written(WriteJob& job);
  void on_made(MakeJob& job);
  void on_synced(SyncJob& job);
  void on_failure(const Error& error);
  void on_retry();
  void on_sync_due();
  void on_idle();
  void keep(BatchBuffer buffer);

  io::Env& env_;
  io::Loop& loop_;
  const JournalOptions options_;
  JournalEvents& events_;
  // What jobs find us by; null when we are gone.
  std::shared_ptr<JournalWriter*> self_;

  std::deque<BatchBuffer> gathered_;  // all but the last are as large as batches get
  std::vector<BatchBuffer> kept_;     // empty ones
  std::size_t gathered_records_ = 0;
  CommitPace pace_;
  JournalPosition appended_, durable_, released_;
  std::uint64_t last_batch_ = 0;  // the last that is durable
  std::uint64_t synced_ = 0;      // the last known to be synced

  std::shared_ptr<OpenSegment> active_;  // may be null after a failure
  std::shared_ptr<OpenSegment> spare_;
  std::uint32_t next_number_ = 0;  // of the spare one, or of the one to be made
  std::deque<ClosedSegment> closed_;
  std::vector<std::uint32_t> unused_;    // failed before anything in them was durable
  std::shared_ptr<LastMade> last_made_;  // of whoever makes a segment
  bool writing_ = false;
  bool making_ = false;
  bool needs_segment_ = false;    // nothing can be written before one is made
  std::optional<Error> failure_;  // since when nothing could be written
  io::MemberTimer<&JournalWriter::on_retry> retry_{*this};

  JournalFigures figures_;
  MonoTime written_at_{};
  MonoTime here_from_{};  // when a batch may be written on the loop again
  io::MemberTimer<&JournalWriter::on_idle> idle_{*this};

  // Without sync_before_durable:
  std::vector<std::shared_ptr<OpenSegment>> unsynced_;
  bool syncing_ = false;
  bool sync_failed_ = false;  // the last one
  io::MemberTimer<&JournalWriter::on_sync_due> sync_due_{*this};
};

}  // namespace midge::store
