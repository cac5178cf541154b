#include "store/journal/journal_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "store/folders.h"

namespace midge::store {
namespace {

constexpr std::size_t kBatchMax = 4 << 20;
constexpr std::size_t kKeptCapacityMax = 1 << 20;  // of buffers kept for later batches
constexpr std::size_t kKeptMax = 2;                // one is written while one gathers
constexpr Duration kRetryAfter = seconds(1);
constexpr Duration kIdleAfter = milliseconds(250);
constexpr std::size_t kWrittenHereMax = 128 << 10;
constexpr Duration kLongWrite = milliseconds(10);
constexpr Duration kPoolAfterLongWrite = seconds(10);

}  // namespace

// ---- jobs: run() on a pool thread, finish() on the loop if the journal is still there

class JournalWriter::Job : public io::Job {
 public:
  explicit Job(const JournalWriter& owner) : owner_(owner.self_) {}
  void done() final {
    if (*owner_ != nullptr) finish(**owner_);
  }

 private:
  virtual void finish(JournalWriter& owner) = 0;
  const std::shared_ptr<JournalWriter*> owner_;
};

class JournalWriter::WriteJob final : public Job {
 public:
  WriteJob(const JournalWriter& owner, BatchBuffer batch, std::size_t records = 0)
      : Job(owner),
        segment(owner.active_),
        batch(std::move(batch)),
        records(records),
        begun(owner.loop_.now()),
        offset_(segment->take_place(this->batch.size())),
        head_{.length = static_cast<std::uint32_t>(this->batch.size()),
              .number = owner.last_batch_ + 1,
              .position = owner.durable_,
              .synced = owner.synced_},
        syncs_(owner.options_.sync_before_durable) {}
  void run() override {
    result = segment->write(offset_, batch, head_);
    if (result && syncs_) result = segment->sync();
  }

  const std::shared_ptr<OpenSegment> segment;
  BatchBuffer batch;
  const std::size_t records;
  const MonoTime begun;
  Result<void> result;

 private:
  void finish(JournalWriter& owner) override { owner.on_written(*this); }
  const std::uint64_t offset_;
  const BatchHead head_;
  const bool syncs_;
};

class JournalWriter::MakeJob final : public Job {
 public:
  explicit MakeJob(JournalWriter& owner)
      : Job(owner),
        unused(std::move(owner.unused_)),
        disk_(owner.env_.disk()),
        options_(owner.options_),
        last_made_(owner.last_made_),
        number_(owner.next_number_) {}
  void run() override {
    made = make();
    // What failed takes space that may be what is lacking. It may be the last that was made.
    if (!unused.empty() && (made || last_made_->note({}))) remove_unused();
  }
  Result<SegmentFile> made;
  std::vector<std::uint32_t> unused;  // those that are still there

 private:
  void finish(JournalWriter& owner) override { owner.on_made(*this); }
  Result<SegmentFile> make() {
    // An attempt that fails removes its file, which the note of an earlier one may name.
    if (last_made_->is_unsure()) TRY(last_made_->note({}));
    ASSIGN_OR_RETURN(SegmentFile file, make_segment(disk_, options_.folder, options_.free_folder,
                                                    number_, options_.segment_size));
    TRY(last_made_->note(number_));
    return file;
  }
  void remove_unused() {
    std::erase_if(unused, [this](std::uint32_t number) {
      return store::let_go(disk_, segment_path(options_.folder, number), options_.free_folder,
                           Spent::kRemove)
          .has_value();
    });
  }

  io::Disk& disk_;
  const JournalOptions options_;
  const std::shared_ptr<LastMade> last_made_;
  const std::uint32_t number_;
};

class JournalWriter::SyncJob final : public Job {
 public:
  explicit SyncJob(JournalWriter& owner)
      : Job(owner), through(owner.last_batch_), segments(std::move(owner.unsynced_)) {}
  void run() override {
    for (const auto& segment : segments) {
      auto synced = segment->sync();
      if (synced) continue;
      failed.push_back(segment);
      result = std::move(synced);
    }
  }
  const std::uint64_t through;  // the last batch written before
  const std::vector<std::shared_ptr<OpenSegment>> segments;
  std::vector<std::shared_ptr<OpenSegment>> failed;
  Result<void> result;

 private:
  void finish(JournalWriter& owner) override { owner.on_synced(*this); }
};

// What fails stays where it is: who reads the journal later does not need it, and lets it go again.
class JournalWriter::LetGoJob final : public Job {
 public:
  LetGoJob(const JournalWriter& owner, std::vector<ClosedSegment> segments)
      : Job(owner),
        disk_(owner.env_.disk()),
        options_(owner.options_),
        segments_(std::move(segments)) {}
  void run() override {
    for (const ClosedSegment& segment : segments_)
      (void)store::let_go(disk_, segment_path(options_.folder, segment.number),
                          options_.free_folder, segment.spent);
  }

 private:
  void finish(JournalWriter&) override {}
  io::Disk& disk_;
  const JournalOptions options_;
  const std::vector<ClosedSegment> segments_;
};

// ---- appending

JournalWriter::JournalWriter(io::Env& env, io::Loop& loop, JournalOptions options,
                             JournalEvents& events)
    : env_(env),
      loop_(loop),
      options_(std::move(options)),
      events_(events),
      self_(std::make_shared<JournalWriter*>(this)),
      last_made_(std::make_shared<LastMade>(env.disk(), options_.folder)) {
  gathered_.emplace_back();
}

JournalWriter::~JournalWriter() { *self_ = nullptr; }

Result<void> JournalWriter::make_first_segment() {
  TRY(make_durable_folder(env_.disk(), options_.folder));
  TRY(make_durable_folder(env_.disk(), options_.free_folder));
  ASSIGN_OR_RETURN(auto file, make_segment(env_.disk(), options_.folder, options_.free_folder, 0,
                                           options_.segment_size));
  TRY(last_made_->note(0));
  take_spare(std::move(file));
  begin_segment();
  return {};
}

std::size_t JournalWriter::body_max() const {
  const std::size_t overhead = options_.keys == nullptr ? 0 : BatchSeal::kOverhead;
  return options_.segment_size - kSegmentHeadSize - kBatchHeadSize - kRecordHeadSize - overhead;
}

JournalPosition JournalWriter::append(StreamId stream, RecordKind kind,
                                      std::span<const std::string_view> body) {
  std::size_t size = kRecordHeadSize;
  for (const std::string_view part : body) size += part.size();
  ENSURE(size - kRecordHeadSize <= body_max(), "records larger than a segment go to blocks");
  const std::size_t batch_max = std::min(kBatchMax, body_max() + kRecordHeadSize);
  if (!gathered_.back().empty() && gathered_.back().size() + size > batch_max) {
    gathered_.emplace_back();
  }
  BatchBuffer& batch = gathered_.back();
  if (batch.capacity() == 0 && !kept_.empty()) {
    batch = std::move(kept_.back());
    kept_.pop_back();
  }
  char* at = batch.extend(size);
  encode_record_head(static_cast<std::uint32_t>(size), kind, stream, at);
  at += kRecordHeadSize;
  for (const std::string_view part : body) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  ++gathered_records_;
  appended_ = appended_ + size;
  return appended_;
}

void JournalWriter::keep(BatchBuffer buffer) {
  if (buffer.capacity() > kKeptCapacityMax || kept_.size() >= kKeptMax) return;
  buffer.clear();
  kept_.push_back(std::move(buffer));
}

// ---- writing

void JournalWriter::write_next() {
  if (writing_ || gathered_.front().empty() || (failure_ && retry_.armed())) return;
  if (gathered_.size() == 1 && !pace_.is_due(gathered_records_, loop_.now()))
    return loop_.tick_by(pace_.until());
  if (!has_room(gathered_.front().size())) return;
  BatchBuffer batch = std::move(gathered_.front());
  gathered_.pop_front();
  if (gathered_.empty()) gathered_.emplace_back();
  writing_ = true;
  auto job =
      std::make_unique<WriteJob>(*this, std::move(batch), std::exchange(gathered_records_, 0));
  if (active_->is_half_full() && spare_ == nullptr && !retry_.armed()) make_spare();
  if (write_here(*job)) return on_written(*job);
  env_.disk_pool().submit(loop_, std::move(job));
}

// What fails goes to the pool as if it had not been tried: it is written to the same place.
bool JournalWriter::write_here(WriteJob& job) {
  if (options_.sync_before_durable || failure_ || job.batch.size() > kWrittenHereMax ||
      loop_.now() < here_from_)
    return false;
  const MonoTime before = env_.clock().now();
  job.run();
  if (env_.clock().now() - before > kLongWrite) here_from_ = loop_.now() + kPoolAfterLongWrite;
  return job.result.has_value();
}

bool JournalWriter::has_room(std::size_t records) {
  if (active_ != nullptr && (active_->failed() || !active_->fits(records))) close_segment();
  if (active_ == nullptr && spare_ != nullptr) begin_segment();
  needs_segment_ = active_ == nullptr;
  if (needs_segment_) make_spare();
  return !needs_segment_;
}

void JournalWriter::take_spare(SegmentFile file) {
  spare_ = std::make_shared<OpenSegment>(std::move(file), options_.segment_size,
                                         options_.sync_before_durable);
}

void JournalWriter::begin_segment() {
  active_ = std::exchange(spare_, nullptr);
  active_->begin({.journal = options_.id,
                  .number = next_number_++,
                  .position = durable_,
                  .first_batch = last_batch_ + 1,
                  .salt = env_.entropy().next(),
                  .size = options_.segment_size},
                 options_.keys == nullptr ? nullptr : &options_.keys->current());
}

void JournalWriter::close_segment() {
  const ClosedSegment closed{.number = active_->head().number,
                             .end = durable_,
                             .spent = active_->failed() ? Spent::kRemove : Spent::kReuse};
  const bool is_needed = active_->head().position < durable_;
  active_ = nullptr;
  if (is_needed) {
    closed_.push_back(closed);
  } else {
    unused_.push_back(closed.number);
  }
}

void JournalWriter::make_spare() {
  if (making_) return;
  making_ = true;
  env_.disk_pool().submit(loop_, std::make_unique<MakeJob>(*this));
}

void JournalWriter::on_made(MakeJob& job) {
  making_ = false;
  unused_.insert(unused_.end(), job.unused.begin(), job.unused.end());
  if (job.made) {
    take_spare(std::move(*job.made));
    return write_next();
  }
  if (!retry_.armed()) loop_.timers().arm(retry_, loop_.now() + kRetryAfter);
  if (needs_segment_) on_failure(job.made.error());
}

void JournalWriter::on_written(WriteJob& job) {
  writing_ = false;
  if (!job.result) {
    job.segment->fail();
    if (job.batch.empty()) return write_next();
    gathered_.push_front(std::move(job.batch));
    if (failure_) {
      loop_.timers().arm(retry_, loop_.now() + kRetryAfter);
    } else {
      if (retry_.armed()) loop_.timers().cancel(retry_);
      write_next();
    }
    return on_failure(job.result.error());
  }
  durable_ = durable_ + job.batch.size();
  ++last_batch_;
  ++figures_.batches;
  figures_.writing = figures_.writing + (loop_.now() - job.begun);
  if (options_.sync_before_durable) {
    ++figures_.syncs;
    synced_ = last_batch_;
  } else if (unsynced_.empty() || unsynced_.back() != job.segment) {
    unsynced_.push_back(job.segment);
    if (!syncing_ && !sync_due_.armed())
      loop_.timers().arm(sync_due_, loop_.now() + options_.sync_interval);
  }
  if (options_.sync_before_durable && !job.batch.empty()) {
    written_at_ = loop_.now();
    pace_.on_synced(job.records, gathered_records_, written_at_ - job.begun, written_at_);
    if (!idle_.armed()) loop_.timers().arm(idle_, written_at_ + kIdleAfter);
  }
  keep(std::move(job.batch));
  const bool resumed = std::exchange(failure_, std::nullopt).has_value();
  write_next();
  if (resumed) events_.on_write_resumed();
  events_.on_durable(durable_);
}

void JournalWriter::on_failure(const Error& error) {
  const bool is_new = !failure_ || failure_->code() != error.code();
  failure_ = error;
  if (is_new) events_.on_write_failed(error);
}

// Also when only the spare segment could not be made.
void JournalWriter::on_retry() {
  write_next();
  if (spare_ == nullptr && (active_ == nullptr || active_->is_half_full())) make_spare();
}

// The last batch has none behind it that says that it was synced: if it rots, it would pass for
// torn. An empty one says it.
void JournalWriter::on_idle() {
  if (loop_.now() < written_at_ + kIdleAfter)
    return loop_.timers().arm(idle_, written_at_ + kIdleAfter);
  if (writing_ || !gathered_.front().empty() || failure_ || active_ == nullptr ||
      active_->failed() || !active_->fits(0))
    return;
  BatchBuffer batch;
  batch.extend(kBatchAlignment);
  batch.clear();
  writing_ = true;
  env_.disk_pool().submit(loop_, std::make_unique<WriteJob>(*this, std::move(batch)));
}

// ---- syncing by and by

void JournalWriter::on_sync_due() {
  if (syncing_ || unsynced_.empty()) return;
  syncing_ = true;
  env_.disk_pool().submit(loop_, std::make_unique<SyncJob>(*this));
}

// After a failure, too, later batches say that all before them was synced: so what is lost is found
// as rot, and does not hide what was synced since.
void JournalWriter::on_synced(SyncJob& job) {
  syncing_ = false;
  ++figures_.syncs;
  synced_ = std::max(synced_, job.through);
  for (const auto& segment : job.failed) {
    segment->fail();
    std::erase(unsynced_, segment);
  }
  if (!unsynced_.empty()) loop_.timers().arm(sync_due_, loop_.now() + options_.sync_interval);
  const bool failed_before = std::exchange(sync_failed_, !job.result);
  if (!job.result) {
    events_.on_write_failed(job.result.error());
  } else if (failed_before) {
    events_.on_write_resumed();
  }
}

// ---- letting go

void JournalWriter::release_before(JournalPosition position) {
  released_ = std::max(released_, std::min(position, durable_));
  std::vector<ClosedSegment> spent;
  // The last that was made stays until there is another one.
  while (closed_.size() > (active_ == nullptr && spare_ == nullptr ? 1 : 0) &&
         closed_.front().end <= released_) {
    std::erase_if(unsynced_, [&](const auto& segment) {
      return segment->head().number == closed_.front().number;
    });
    spent.push_back(closed_.front());
    closed_.pop_front();
  }
  if (!spent.empty()) let_go(std::move(spent));
}

void JournalWriter::let_go(std::vector<ClosedSegment> segments) {
  env_.disk_pool().submit(loop_, std::make_unique<LetGoJob>(*this, std::move(segments)));
}

Result<std::unique_ptr<Journal>> Journal::create(io::Env& env, io::Loop& loop,
                                                 JournalOptions options, JournalEvents& events) {
  ENSURE(options.sync_before_durable || options.sync_interval.ns > 0, "syncs come some time");
  ENSURE(
      options.segment_size >= 2 * kSegmentHeadSize && options.segment_size % kBatchAlignment == 0,
      "a segment has room for its head and ends where a batch can");
  auto writer = std::make_unique<JournalWriter>(env, loop, std::move(options), events);
  TRY(writer->make_first_segment());
  return writer;
}

}  // namespace midge::store
