#include "store/journal/journal_reader.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "store/journal/batch_seal.h"
#include "store/journal/last_made.h"
#include "store/journal/segment_cursor.h"
#include "store/journal/segment_files.h"

namespace midge::store {
namespace {

constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();

// What is known of a segment before its batches are read.
struct Segment {
  std::string path;
  bool is_empty = false;            // never written to in this use
  std::optional<SegmentHead> head;  // neither: a head that is not whole
  // The first batch of the next segment that has a head: it counts from there.
  std::uint64_t ends_before = std::numeric_limits<std::uint64_t>::max();
};

Result<std::string> read_bytes(io::Disk& disk, const std::string& path, std::uint64_t size_max) {
  ASSIGN_OR_RETURN(const auto file, disk.open(path, io::OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::uint64_t size, file->size());
  std::string bytes(std::min(size, size_max), '\0');
  ASSIGN_OR_RETURN(const std::size_t count, file->read_at(0, bytes));
  bytes.resize(count);
  return bytes;
}

class JournalReading {
 public:
  JournalReading(io::Disk& disk, std::string folder, std::uint32_t id, JournalPosition from,
                 const OnJournalRecord& on_record, const Keyring* keys)
      : disk_(disk),
        folder_(std::move(folder)),
        id_(id),
        from_(from),
        on_record_(on_record),
        keys_(keys) {}

  Result<JournalReport> read() {
    TRY(find_segments());
    report_.end = from_;
    const std::size_t first = first_wanted();
    if (first < segments_.size()) {
      next_ = segments_[first].head->first_batch;
      report_.end = segments_[first].head->position;
      if (report_.end > from_) TRY(report_loss_before(first));
    }
    for (std::size_t i = first; i < segments_.size() && !over_; ++i)
      if (segments_[i].head) TRY(read_segment(i));
    if (!segments_.empty() && !segments_.back().is_empty && !segments_.back().head)
      report_.torn = true;
    report_.end = std::max(report_.end, from_);
    return std::move(report_);
  }

 private:
  Result<void> find_segments() {
    ASSIGN_OR_RETURN(const auto numbers, list_segments(disk_, folder_));
    ASSIGN_OR_RETURN(const auto last, LastMade::read(disk_, folder_));
    if (last && std::ranges::find(numbers, *last) == numbers.end())
      report_.missing = segment_path(folder_, *last);
    for (const std::uint32_t number : numbers) {
      Segment segment{.path = segment_path(folder_, number)};
      ASSIGN_OR_RETURN(const std::string bytes, read_bytes(disk_, segment.path, kSegmentHeadSize));
      auto head = decode_segment_head(bytes);
      if (!head) return std::unexpected(head.error().within(segment.path));
      if (*head && ((*head)->journal != id_ || (*head)->number != number)) {
        segment.is_empty = true;
      } else {
        segment.head = *head;
        segment.is_empty =
            !segment.head && std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
      }
      ASSIGN_OR_RETURN(const std::uint64_t size, disk_.file_size(segment.path));
      if (segment.head && size < segment.head->size) report_.cut.push_back(segment.path);
      segments_.push_back(std::move(segment));
    }
    std::uint64_t ends_before = std::numeric_limits<std::uint64_t>::max();
    for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
      segment->ends_before = ends_before;
      if (segment->head) ends_before = segment->head->first_batch;
    }
    return {};
  }

  // The last segment that begins at or before `from_`; if there is none, the first with a head.
  [[nodiscard]] std::size_t first_wanted() const {
    std::size_t wanted = segments_.size();
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (!segments_[i].head) continue;
      if (wanted == segments_.size() || segments_[i].head->position <= from_) wanted = i;
    }
    return wanted;
  }

  Result<void> read_segment(std::size_t index) {
    const Segment& segment = segments_[index];
    const std::uint64_t salt = segment.head->salt;
    ASSIGN_OR_RETURN(const std::string bytes, read_bytes(disk_, segment.path, kWholeFile));
    SegmentCursor cursor(bytes, salt);
    while (true) {
      const SegmentCursor place = cursor;
      const auto batch = cursor.next();
      if (!batch || batch->head.number >= segment.ends_before) {
        // What the next segment has again was not torn.
        if (next_ < segment.ends_before) report_.torn = place.torn_head().has_value();
        return {};
      }
      if (batch->head.number < next_) continue;
      if (batch->head.number > next_) {
        ASSIGN_OR_RETURN(const bool was_synced, was_synced_before(batch->head, index, place));
        if (!was_synced) {
          report_.torn = over_ = true;
          return {};
        }
        report_loss(index, batch->head);
      }
      TRY(deliver(segment, *batch));
    }
  }

  // Of what is missing before `found`, who reads misses what is behind `from_`: if that begins
  // somewhere within, the last of it decides.
  Result<bool> was_synced_before(const BatchHead& found, std::size_t index, SegmentCursor place) {
    if (found.position <= from_) return true;
    return is_synced(report_.end < from_ ? found.number - 1 : next_, index, place);
  }

  // Whether any batch from `place` on says that batch `number` had been synced.
  Result<bool> is_synced(std::uint64_t number, std::size_t index, SegmentCursor place) {
    while (const auto batch = place.next())
      if (batch->head.synced >= number) return true;
    for (++index; index < segments_.size(); ++index) {
      const Segment& segment = segments_[index];
      if (!segment.head) continue;
      ASSIGN_OR_RETURN(const std::string bytes, read_bytes(disk_, segment.path, kWholeFile));
      SegmentCursor cursor(bytes, segment.head->salt);
      while (const auto batch = cursor.next())
        if (batch->head.synced >= number) return true;
    }
    return false;
  }

  // The journal begins too late. As with a batch that is missing: was it synced?
  Result<void> report_loss_before(std::size_t first) {
    const Segment& segment = segments_[first];
    ASSIGN_OR_RETURN(const std::string bytes, read_bytes(disk_, segment.path, kWholeFile));
    const SegmentCursor begin(bytes, segment.head->salt);
    ASSIGN_OR_RETURN(const bool was_synced, is_synced(next_ - 1, first, begin));
    if (!was_synced) {
      report_.end = from_;
      report_.torn = over_ = true;
      return {};
    }
    report_.lost = report_.end - from_;
    for (std::size_t i = 0; i < first; ++i)
      if (!segments_[i].is_empty) report_.rotten.push_back(segments_[i].path);
    return {};
  }

  // Batches from next_ up to `found` are lost: whose were they?
  void report_loss(std::size_t index, const BatchHead& found) {
    const JournalPosition begin = std::max(report_.end, from_);
    if (found.position <= begin) return;  // nobody wants it
    report_.lost += found.position - begin;
    std::size_t first = index;
    while (first > 0 && (!segments_[first].head || segments_[first].head->first_batch > next_))
      --first;
    for (std::size_t i = first; i <= index; ++i) {
      const Segment& segment = segments_[i];
      const bool lost_some =
          segment.head ? segment.ends_before > next_ && segment.head->first_batch < found.number
                       : !segment.is_empty;
      if (lost_some && (report_.rotten.empty() || report_.rotten.back() != segment.path))
        report_.rotten.push_back(segment.path);
    }
  }

  Result<std::string> open(const Segment& segment, const SegmentCursor::Batch& batch) const {
    const DataKey* const key =
        keys_ == nullptr ? nullptr : keys_->find(BatchSeal::key_of(batch.records));
    if (key == nullptr)
      return failure(segment.path + ": is encrypted with a key that is not there",
                     ErrorCode::kInvalid);
    auto records = BatchSeal(*key, *segment.head).open(batch.head, batch.records);
    if (!records) return std::unexpected(records.error().within(segment.path));
    return records;
  }

  Result<void> deliver(const Segment& segment, const SegmentCursor::Batch& batch) {
    if ((batch.head.flags & ~kBatchEncrypted) != 0)
      return failure(segment.path + ": has flags that are not known: a newer version wrote it",
                     ErrorCode::kInvalid);
    if (batch.head.number == next_ ? batch.head.position != report_.end
                                   : batch.head.position < report_.end)
      return failure(segment.path + ": its positions contradict one another", ErrorCode::kInvalid);
    next_ = batch.head.number + 1;
    report_.end = batch.head.position;
    std::string opened;
    std::string_view records = batch.records;
    if ((batch.head.flags & kBatchEncrypted) != 0) {
      ASSIGN_OR_RETURN(opened, open(segment, batch));
      records = opened;
    }
    while (!records.empty()) {
      const auto record = decode_record(records);
      if (!record) return std::unexpected(record.error().within(segment.path));
      records.remove_prefix(record->length);
      report_.end = report_.end + record->length;
      if (report_.end <= from_) continue;
      TRY(on_record_({.stream = record->stream,
                      .kind = record->kind,
                      .end = report_.end,
                      .body = record->body}));
    }
    return {};
  }

  io::Disk& disk_;
  const std::string folder_;
  const std::uint32_t id_;
  const JournalPosition from_;
  const OnJournalRecord& on_record_;
  const Keyring* const keys_;
  std::vector<Segment> segments_;
  std::uint64_t next_ = 1;  // the batch that comes next
  bool over_ = false;       // the rest was torn
  JournalReport report_;
};

}  // namespace

Result<JournalReport> read_journal(io::Disk& disk, const std::string& folder, std::uint32_t id,
                                   JournalPosition from, const OnJournalRecord& on_record,
                                   const Keyring* keys) {
  return JournalReading(disk, folder, id, from, on_record, keys).read();
}

}  // namespace midge::store
