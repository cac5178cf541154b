#include "jetstream/recovery.h"

#include <algorithm>
#include <cstring>

#include "store/replay.h"

namespace midge::jetstream {

using store::RecordKind;

Result<void> Recovery::read(const store::StoreFolder& folder) {
  folder_ = &folder;
  for (const std::uint32_t id : folder.old_journals()) {
    auto report =
        store::read_journal(env_.disk(), folder.journal_folder(id), id, {},
                            [this](const store::JournalRecord& record) { return take(record); });
    if (!report) return std::unexpected(report.error().within("journal"));
    if (report->torn)
      log_.info("JetStream: the last write before the end was not whole; it was not acknowledged");
    for (const std::string& segment : report->rotten)
      log_.error("JetStream: \"" + segment + "\" is damaged: " + std::to_string(report->lost) +
                 " bytes of records are lost");
    TRY(end_groups(!report->rotten.empty()));
  }
  return {};
}

Result<void> Recovery::take(const store::JournalRecord& record) {
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
  if (record.kind == RecordKind::kStream) return apply_stream(record);
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

Result<void> Recovery::apply_stream(const store::JournalRecord& record) {
  RecoveredStream& stream = streams_[record.stream.value];
  stream.record = {};
  TRY(codec::read_json_struct(record.body, stream.record, false));
  if (stream.store != nullptr) return {};
  store::StreamStoreOptions options;
  options.id = record.stream;
  options.folder = folder_->blocks_folder(record.stream);
  if (stream.record.config.first_sequence > 0)
    options.first = {stream.record.config.first_sequence};
  stream.store = std::make_unique<store::StreamStore>(env_, loop_of_(record.stream), nullptr,
                                                      std::move(options));
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
      TRY(codec::read_json_struct(body, read, false));
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
    default:
      return failure("a journal record of an unknown kind", ErrorCode::kInvalid);
  }
}

}  // namespace midge::jetstream
