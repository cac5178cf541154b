#include "jetstream/checkpointing.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "jetstream/disk_watch.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"
#include "store/fields.h"
#include "store/stream_checkpoint.h"

namespace midge::jetstream {
namespace {

using store::PartKind;

constexpr Duration kRetryAfter = seconds(3);
constexpr Duration kPauseMin = milliseconds(500);
constexpr std::int64_t kPauseShare = 4;

void add_consumer(std::string& section, std::uint64_t id, const ConsumerRecord& record,
                  const ConsumerProgress& progress) {
  std::string body;
  const std::string json = record_text(record);
  store::add_field(body, id);
  store::add_field(body, static_cast<std::uint32_t>(json.size()));
  body.append(json);
  progress.encode(body);
  store::add_part(section, PartKind::kConsumer, body);
}

}  // namespace

void add_stream_parts(std::string& section, Stream& stream) {
  if (stream.shelved() != nullptr) return add_stream_parts(section, *stream.shelved());
  store::add_part(
      section, PartKind::kStream,
      codec::write_json_struct(StreamRecord{
          stream.account_name(), stream.created().ns, stream.config(), stream.is_restoring(), {}}));
  for (Consumer* consumer : stream.consumers())
    if (!consumer->config().memory_storage)
      add_consumer(section, consumer->id().value,
                   ConsumerRecord{consumer->created().ns, consumer->config(), {}},
                   consumer->progress());
}

void add_stream_parts(std::string& section, const RecoveredStream& stream) {
  store::add_part(section, PartKind::kStream, record_text(stream.record));
  for (const auto& [id, consumer] : stream.consumers)
    add_consumer(section, id, consumer.record, consumer.progress);
}

// What no checkpoint names any more. Blocks; any thread.
struct Checkpointing::Leftovers {
  std::vector<std::string> files, folders;
  store::BlockList::Quarantined damaged;

  void clear_away(JetStream& jetstream) const {
    io::Disk& disk = jetstream.env().disk();
    for (const std::string& path : files) (void)disk.remove_file(path);
    for (const std::string& folder : folders) {
      const auto names = disk.list_directory(folder);
      if (!names) continue;
      for (const std::string& name : *names) (void)disk.remove_file(folder + "/" + name);
      (void)disk.remove_directory(folder);
    }
    const WallTime now = jetstream.env().clock().wall();
    for (const auto& [path, why] : damaged)
      if (disk.exists(path)) (void)jetstream.folder().quarantine(path, why, now);
  }
};

class Checkpointing::WriteJob final : public io::Job {
 public:
  explicit WriteJob(const Checkpointing& owner)
      : owner_(owner.self_),
        file_(owner.file_),
        jetstream_(owner.shard_.jetstream()),
        index_(owner.index_) {}

  void run() override {
    result = write();
    if (result) leftovers.clear_away(jetstream_);
  }
  void done() override {
    if (*owner_ != nullptr) (*owner_)->on_written(*this);
  }

  std::vector<StreamWrites> streams;
  Leftovers leftovers;
  store::JournalPosition position;
  store::CheckpointPart part;
  Result<void> result;

 private:
  Result<void> write() {
    TRY(run_writes(streams));
    return file_->replace(index_, std::move(part));
  }

  const std::shared_ptr<Checkpointing*> owner_;
  const std::shared_ptr<store::CheckpointFile> file_;
  JetStream& jetstream_;
  const std::size_t index_;
};

Checkpointing::Checkpointing(Shard& shard, std::shared_ptr<store::CheckpointFile> file,
                             std::size_t index, std::uint32_t journal, std::uint64_t next_stream,
                             std::uint64_t every)
    : shard_(shard),
      file_(std::move(file)),
      index_(index),
      journal_(journal),
      next_stream_(next_stream),
      every_(every),
      leftovers_(std::make_unique<Leftovers>()),
      self_(std::make_shared<Checkpointing*>(this)) {}

Checkpointing::~Checkpointing() { *self_ = nullptr; }

// All of them; the first error.
Result<void> Checkpointing::run_writes(std::vector<StreamWrites>& streams) {
  Result<void> first;
  for (StreamWrites& stream : streams)
    for (const store::BlockWrite& write : stream.writes) {
      stream.results.push_back(write.run());
      if (first && !stream.results.back()) first = stream.results.back();
    }
  return first;
}

void Checkpointing::finish_writes(const std::vector<StreamWrites>& streams) {
  for (const StreamWrites& stream : streams) {
    Stream* const found = shard_.find_stream(stream.id);
    for (std::size_t i = 0; found != nullptr && i < stream.results.size(); ++i)
      store::finish_snapshot(found->store(), stream.writes[i], stream.results[i]);
  }
}

void Checkpointing::stream_seen(store::StreamId id) {
  next_stream_ = std::max(next_stream_, id.value + 1);
}

void Checkpointing::stream_removed(store::StreamId id, std::string folder) {
  stream_seen(id);
  leftovers_->folders.push_back(std::move(folder));
}

void Checkpointing::on_tick() {
  if (state_ == State::kIdle) {
    if (!is_due()) return;
    hold();
  }
  if (state_ == State::kHolding && !is_any_writing()) write();
}

bool Checkpointing::is_due() const {
  const std::uint64_t grown = shard_.journal()->unreleased();
  if (shard_.now() < not_before_ || grown == 0) return false;
  // What was removed takes its space until a checkpoint does not name it.
  return grown >= every_ ||
         (shard_.now() >= not_again_before_ && shard_.jetstream().disk_watch().is_full());
}

void Checkpointing::hold() {
  state_ = State::kHolding;
  began_ = shard_.now();
  for (Stream* stream : shard_.kept_streams()) store::hold_writes(stream->store(), true);
}

bool Checkpointing::is_any_writing() {
  for (Stream* stream : shard_.kept_streams())
    if (store::is_writing(stream->store())) return true;
  return false;
}

store::CheckpointPart Checkpointing::take_part(std::vector<StreamWrites>& writes) {
  store::CheckpointPart part;
  part.next_stream = next_stream_;
  for (Stream* stream : shard_.kept_streams()) {
    std::string section;
    store::add_field(section, stream->id().value);
    add_stream_parts(section, *stream);
    store::StoreSnapshot snapshot = store::take_snapshot(stream->store(), section);
    part.sections.push_back(std::move(section));
    std::ranges::move(snapshot.obsolete, std::back_inserter(leftovers_->files));
    std::ranges::move(snapshot.damaged, std::back_inserter(leftovers_->damaged));
    if (!snapshot.writes.empty()) writes.push_back({stream->id(), std::move(snapshot.writes), {}});
  }
  return part;
}

void Checkpointing::write() {
  state_ = State::kWriting;
  auto job = std::make_unique<WriteJob>(*this);
  job->position = shard_.journal()->appended();
  job->part = take_part(job->streams);
  job->part.journals = {{journal_, job->position}};
  job->leftovers = *leftovers_;
  shard_.jetstream().env().disk_pool().submit(shard_.worker().loop(), std::move(job));
}

void Checkpointing::on_written(WriteJob& job) {
  state_ = State::kIdle;
  finish_writes(job.streams);
  if (!job.result) {
    not_before_ = shard_.now() + kRetryAfter;
    shard_.worker().log().error("JetStream can not write a checkpoint, and keeps its journals: " +
                                job.result.error().text());
    return;
  }
  for (Stream* stream : shard_.kept_streams()) {
    const Result<void> erased = store::checkpoint_is_durable(stream->store());
    if (!erased) shard_.worker().log().error("JetStream can not erase: " + erased.error().text());
  }
  // Those that came meanwhile go with the next one.
  const auto drop_front = [](auto& from, std::size_t count) {
    from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  };
  drop_front(leftovers_->files, job.leftovers.files.size());
  drop_front(leftovers_->folders, job.leftovers.folders.size());
  drop_front(leftovers_->damaged, job.leftovers.damaged.size());
  shard_.journal()->release_before(job.position);
  // While the disk is full one follows the other: most of the time is for other things.
  const Duration took = shard_.now() - began_;
  not_again_before_ = shard_.now() + std::max(kPauseMin, Duration{took.ns * kPauseShare});
}

// Jobs that were under way have ended, or will never run: what they were to write is written again.
Result<store::CheckpointPart> Checkpointing::write_last() {
  for (Stream* stream : shard_.kept_streams()) store::prepare_last_snapshot(stream->store());
  std::vector<StreamWrites> writes;
  store::CheckpointPart part = take_part(writes);
  TRY(run_writes(writes));
  finish_writes(writes);
  return part;
}

void Checkpointing::end() {
  leftovers_->clear_away(shard_.jetstream());
  for (Stream* stream : shard_.kept_streams()) (void)store::checkpoint_is_durable(stream->store());
}

}  // namespace midge::jetstream
