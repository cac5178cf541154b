#include "jetstream/recovery.h"

#include <algorithm>
#include <cstring>

#include "store/checkpoint_file.h"
#include "store/fields.h"
#include "store/journal/segment_files.h"
#include "store/replay.h"
#include "store/stream_checkpoint.h"

namespace midge::jetstream {

using store::RecordKind;

namespace {

// At the process's memory, and whether the server ends.
constexpr std::size_t kRecordsBetweenLooks = 1024;
// A segment of a journal is read as a whole: so much more is used for a while.
constexpr std::int64_t kOfReader = 64 << 20;
// It must be worth it to go over all streams.
constexpr std::int64_t kWorthRoom = 16 << 20;

std::unexpected<Error> malformed() {
  return failure("a stream's part of the checkpoint is malformed", ErrorCode::kInvalid);
}

}  // namespace

Result<void> Recovery::begin(store::StoreFolder& folder) {
  folder_ = &folder;
  ASSIGN_OR_RETURN(store::FoundCheckpoint found,
                   store::CheckpointFile::read(folder.data_disk(), folder.path()));
  checkpoint_ = std::move(found.checkpoint);
  next_stream_id_ = checkpoint_.all.next_stream;
  next_journal_id_ = checkpoint_.next_journal;
  for (const std::uint32_t id : folder.old_journals())
    next_journal_id_ = std::max(next_journal_id_, id + 1);
  if (checkpoint_.generation == 0) TRY(check_whether_new());
  for (const auto& [path, why] : folder.take_damaged()) report_damage(path, why);
  // Its copy says all; it must be away before new ones take its name.
  for (const auto& [path, why] : found.damaged) {
    report_damage(path, why);
    put_away(path, why);
  }
  return check_format();
}

// The first checkpoint is made before anything else.
Result<void> Recovery::check_whether_new() const {
  ASSIGN_OR_RETURN(const auto streams, folder_->stream_folders());
  if (streams.empty()) return {};
  return failure("\"" + folder_->path() +
                     "\" has streams, but no checkpoint, nor its copy: nothing was changed",
                 ErrorCode::kIo);
}

Result<void> Recovery::check_format() {
  if (!folder_->format_is_damaged()) return {};
  report_damage(folder_->format_path(), "its checksum is wrong");
  put_away(folder_->format_path(), "its checksum is wrong");
  return folder_->write_format();
}

Duration Recovery::work() const {
  constexpr std::uint64_t kOfRecord = 60, kOfJournalByte = 8;  // nanoseconds
  std::uint64_t records = 0, bytes = 0;
  for (const std::string& section : checkpoint_.all.sections)
    records += store::count_records(section);
  for (const std::uint32_t id : folder_->old_journals()) {
    // One is being written to, and is mostly empty.
    const auto segments = store::list_segments(env_.disk(), folder_->journal_folder(id));
    if (segments && segments->size() > 1) bytes += (segments->size() - 1) * (64ULL << 20);
  }
  return Duration{static_cast<std::int64_t>(records * kOfRecord + bytes * kOfJournalByte)};
}

Result<void> Recovery::read(const std::atomic<bool>& stop) {
  stop_ = &stop;
  for (const std::string& section : checkpoint_.all.sections) TRY(apply_section(section));
  checkpoint_.all.sections.clear();
  TRY(read_old_journals(checkpoint_.all.journals));
  // Backups that had not come in whole: nobody was told of them.
  std::erase_if(streams_, [](const auto& stream) { return stream.second.record.restoring; });
  return {};
}

void Recovery::report_damage(const std::string& path, const std::string& what) {
  is_whole_ = false;
  ++damage_.files;
  log_.error("JetStream: \"" + path + "\" is damaged: " + what);
}

void Recovery::add_damaged(const store::BlockList::Quarantined& files) {
  damaged_.insert(files.begin(), files.end());
}

// ---- the checkpoint

Result<void> Recovery::apply_section(std::string_view section) {
  store::FieldReader fields(section);
  const store::StreamId id{fields.number<std::uint64_t>()};
  if (fields.failed()) return malformed();
  ASSIGN_OR_RETURN(const auto parts, store::read_section(section.substr(sizeof id.value)));
  if (parts.empty() || parts.front().kind != store::PartKind::kStream) return malformed();
  TRY(apply_stream(id, parts.front().body));
  TRY(restore_messages(id, parts));
  for (const store::SectionPart& part : parts)
    if (part.kind == store::PartKind::kConsumer)
      TRY(restore_consumer(streams_[id.value], part.body));
  return {};
}

Result<void> Recovery::restore_messages(store::StreamId id,
                                        const std::vector<store::SectionPart>& parts) {
  RecoveredStream& stream = streams_[id.value];
  const std::string of = " (stream \"" + stream.record.config.name + "\")";
  store::RestoreEvents events;
  events.may_go_on = [this] { return may_go_on(); };
  events.on_damaged = [&](const std::string& path, const std::string& why) {
    report_damage(path, why + of);
    damaged_[path] = why;
  };
  events.on_lost = [&](const std::string& path, std::size_t messages) {
    report_damage(path, std::to_string(messages) + " messages are lost" + of);
  };
  return store::restore(parts, *stream.store, events);
}

Result<void> Recovery::restore_consumer(RecoveredStream& stream, std::string_view body) {
  store::FieldReader fields(body);
  const auto id = fields.number<std::uint64_t>();
  const auto length = fields.number<std::uint32_t>();
  const std::string_view json = fields.text(length);
  if (fields.failed()) return malformed();
  RecoveredConsumer& consumer = stream.consumers[id];
  TRY(read_record(json, consumer.record));
  ASSIGN_OR_RETURN(consumer.progress, ConsumerProgress::decode(fields.rest()));
  return {};
}

// ---- the journals

// A journal older than the checkpoint that it does not name holds nothing that it does not cover.
Result<void> Recovery::read_old_journals(const std::vector<store::CheckpointJournal>& wanted) {
  const std::vector<std::uint32_t>& there = folder_->old_journals();
  for (const store::CheckpointJournal& journal : wanted) {
    const std::string path = folder_->journal_folder(journal.id);
    // Each has had a segment before it was named.
    const auto segments = store::list_segments(env_.disk(), path);
    if (!segments || segments->empty())
      report_damage(path, "it is not there: what it held since the last checkpoint is lost");
  }
  for (const std::uint32_t id : there) {
    const auto named = std::ranges::find(wanted, id, &store::CheckpointJournal::id);
    if (named != wanted.end()) {
      TRY(read_old_journal(id, named->from));
    } else if (id >= checkpoint_.next_journal) {
      TRY(read_old_journal(id, {}));
    }
  }
  return {};
}

Result<void> Recovery::read_old_journal(std::uint32_t id, store::JournalPosition from) {
  auto report = store::read_journal(
      env_.disk(), folder_->journal_folder(id), id, from,
      [this](const store::JournalRecord& record) { return take(record); }, folder_->keys().get());
  if (!report) return std::unexpected(report.error().within("journal"));
  if (report->torn)
    log_.info("JetStream: the last write before the end was not whole; it was not acknowledged");
  for (const std::string& segment : report->rotten)
    report_damage(segment, "some of its records are lost");
  for (const std::string& segment : report->cut)
    report_damage(segment, "it is cut off: what was behind is lost, if anything was");
  if (!report->missing.empty())
    report_damage(report->missing, "it is not there: what it held is lost, if anything");
  if (report->lost > 0) {
    if (report->rotten.empty()) report_damage(folder_->journal_folder(id), "a segment is missing");
    log_.error("JetStream: \"" + folder_->journal_folder(id) +
               "\": " + std::to_string(report->lost) + " bytes of records are lost");
    damage_.record_bytes += report->lost;
  }
  const bool is_rotten = report->lost > 0 || !report->rotten.empty() || !report->cut.empty() ||
                         !report->missing.empty();
  if (is_rotten) rotten_.push_back(id);
  return end_groups(is_rotten);
}

Result<void> Recovery::may_go_on() {
  if (stop_->load(std::memory_order_relaxed)) return failure("the server ends", ErrorCode::kClosed);
  if (!memory_.is_limited()) return {};
  const std::int64_t limit = memory_.limit();
  const auto used = [this] { return env_.process().resident_bytes(); };
  if (used() > std::max(limit, room_made_at_ + kWorthRoom)) make_room();
  if (used() <= limit + kOfReader) return {};
  return failure(
      "what is in the store needs more than memory_limit, " + std::to_string(limit >> 20) + " MiB",
      ErrorCode::kTooLarge);
}

void Recovery::make_room() {
  for (auto& [id, stream] : streams_)
    if (stream.store != nullptr) stream.store->give_way();
  env_.process().release_free_memory();
  room_made_at_ = env_.process().resident_bytes();
}

Result<void> Recovery::take(const store::JournalRecord& record) {
  if (taken_++ % kRecordsBetweenLooks == 0) TRY(may_go_on());
  const std::uint64_t stream = record.stream.value;
  if (record.kind == RecordKind::kGroupBegin) {
    TRY(apply_group(stream));  // one whose end has rotted
    groups_[stream];
    return {};
  }
  if (record.kind == RecordKind::kGroupEnd) return apply_group(stream);
  if (const auto group = groups_.find(stream); group != groups_.end()) {
    group->second.push_back({record.kind, std::string(record.body)});
    return {};
  }
  return apply(record);
}

Result<void> Recovery::apply_group(std::uint64_t stream) {
  const auto group = groups_.extract(stream);
  if (group.empty()) return {};
  for (const HeldRecord& held : group.mapped()) {
    store::JournalRecord record;
    record.stream = {stream};
    record.kind = held.kind;
    record.body = held.body;
    TRY(apply(record));
  }
  return {};
}

Result<void> Recovery::end_groups(bool rotten) {
  while (rotten && !groups_.empty()) TRY(apply_group(groups_.begin()->first));
  groups_.clear();
  return {};
}

Result<void> Recovery::apply(const store::JournalRecord& record) {
  next_stream_id_ = std::max(next_stream_id_, record.stream.value + 1);
  if (record.kind == RecordKind::kStream) return apply_stream(record.stream, record.body);
  if (record.kind == RecordKind::kStreamRemoved) {
    streams_.erase(record.stream.value);
    return {};
  }
  const auto found = streams_.find(record.stream.value);
  if (found == streams_.end()) return {};  // what is left of one that was removed
  ASSIGN_OR_RETURN(const bool done, store::replay(record, *found->second.store));
  if (done) return {};
  return apply_consumer(found->second, record);
}

Result<void> Recovery::apply_stream(store::StreamId id, std::string_view body) {
  RecoveredStream& stream = streams_[id.value];
  stream.record = {};
  TRY(read_record(body, stream.record));
  store::PackedDisk& disk =
      folder_->data_disk(stream.record.config.compression == Compression::kS2);
  if (stream.store != nullptr) {
    stream.store->set_disk(disk);
    return {};
  }
  store::StreamStoreOptions options;
  options.id = id;
  options.disk = &disk;
  options.folder = folder_->blocks_folder(id);
  if (stream.record.config.first_sequence > 0)
    options.first = {stream.record.config.first_sequence};
  stream.store =
      std::make_unique<store::StreamStore>(env_, loop_of_(id), nullptr, std::move(options));
  stream.store->set_on_damage(
      [this, name = stream.record.config.name](const store::StreamStore::Damage& damage) {
        report_damage(damage.path, damage.why + ": " + std::to_string(damage.lost) +
                                       " messages are lost (stream \"" + name + "\")");
      });
  return {};
}

Result<void> Recovery::apply_consumer(RecoveredStream& stream, const store::JournalRecord& record) {
  std::string_view body = record.body;
  std::uint64_t id = 0;
  if (body.size() < sizeof id) return failure("a consumer's record is malformed");
  std::memcpy(&id, body.data(), sizeof id);
  body.remove_prefix(sizeof id);
  switch (record.kind) {
    case RecordKind::kConsumer: {
      ConsumerRecord read;
      TRY(read_record(body, read));
      stream.consumers[id].record = std::move(read);
      return {};
    }
    case RecordKind::kConsumerRemoved:
      stream.consumers.erase(id);
      return {};
    case RecordKind::kConsumerStep: {
      const auto found = stream.consumers.find(id);
      while (!body.empty()) {
        ASSIGN_OR_RETURN(const ConsumerStep step, ConsumerStep::decode(body));
        if (found != stream.consumers.end()) found->second.progress.apply(step);
      }
      return {};
    }
    case RecordKind::kConsumerState: {
      ASSIGN_OR_RETURN(stream.consumers[id].progress, ConsumerProgress::decode(body));
      return {};
    }
    default:
      return failure("a journal record of an unknown kind", ErrorCode::kInvalid);
  }
}

}  // namespace midge::jetstream
