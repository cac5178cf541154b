#include "store/journal/journal_format.h"

#include <cstring>
#include <string>

#include "store/checksum.h"
#include "store/little_endian.h"

namespace midge::store {
namespace {

constexpr std::string_view kSegmentMagic = "MIDGEJNL";
constexpr std::string_view kBatchMagic = "MJBT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadCopy = 2048;
constexpr std::size_t kHeadBytes = 56;  // of one copy, its checksum included

bool is_known(RecordKind kind) {
  switch (kind) {
    case RecordKind::kMessage:
    case RecordKind::kMessageInBlock:
    case RecordKind::kSkip:
    case RecordKind::kRemove:
    case RecordKind::kRemoveFront:
    case RecordKind::kPurge:
    case RecordKind::kGroupBegin:
    case RecordKind::kGroupEnd:
    case RecordKind::kStream:
    case RecordKind::kStreamRemoved:
    case RecordKind::kConsumer:
    case RecordKind::kConsumerRemoved:
    case RecordKind::kConsumerStep:
    case RecordKind::kConsumerState:
      return true;
  }
  return false;
}

std::uint32_t head_checksum(const char* head, std::uint64_t salt) {
  return static_cast<std::uint32_t>(checksum({head, 36}, salt));
}

bool is_whole_copy(const char* copy) {
  return checksum({copy, 48}) == get_little<std::uint64_t>(copy + 48);
}

}  // namespace

void encode(const SegmentHead& head, std::span<char, kSegmentHeadSize> into) {
  std::memset(into.data(), 0, into.size());
  char* const at = into.data();
  std::memcpy(at, kSegmentMagic.data(), kSegmentMagic.size());
  put_little(at + 8, kVersion);
  put_little(at + 12, head.journal);
  put_little(at + 16, head.number);
  put_little(at + 20, static_cast<std::uint32_t>(head.size / kBatchAlignment));
  put_little(at + 24, head.position.value);
  put_little(at + 32, head.first_batch);
  put_little(at + 40, head.salt);
  put_little(at + 48, checksum({at, 48}));
  std::memcpy(at + kHeadCopy, at, kHeadBytes);
}

Result<std::optional<SegmentHead>> decode_segment_head(std::string_view bytes) {
  if (bytes.size() < kHeadCopy + kHeadBytes) return std::nullopt;
  // Rot is no newer version: that has its number in both places.
  const auto version_at = [&](std::size_t copy) {
    const char* const at = bytes.data() + copy;
    const bool has_magic = std::string_view(at, kSegmentMagic.size()) == kSegmentMagic;
    return has_magic ? get_little<std::uint32_t>(at + 8) : kVersion;
  };
  if (version_at(0) != kVersion && version_at(0) == version_at(kHeadCopy))
    return failure("journal segment: version " + std::to_string(version_at(0)) + " is not known",
                   ErrorCode::kInvalid);
  for (const std::size_t copy : {std::size_t{0}, kHeadCopy}) {
    const char* const at = bytes.data() + copy;
    if (std::string_view(at, kSegmentMagic.size()) != kSegmentMagic || !is_whole_copy(at)) continue;
    return SegmentHead{.journal = get_little<std::uint32_t>(at + 12),
                       .number = get_little<std::uint32_t>(at + 16),
                       .position = {get_little<std::uint64_t>(at + 24)},
                       .first_batch = get_little<std::uint64_t>(at + 32),
                       .salt = get_little<std::uint64_t>(at + 40),
                       .size = std::uint64_t{get_little<std::uint32_t>(at + 20)} * kBatchAlignment};
  }
  return std::nullopt;
}

void encode(const BatchHead& head, std::string_view records, std::uint64_t salt,
            std::span<char, kBatchHeadSize> into) {
  char* const at = into.data();
  std::memcpy(at, kBatchMagic.data(), kBatchMagic.size());
  put_little(at + 4, head.length);
  put_little(at + 8, head.number);
  put_little(at + 16, head.position.value);
  put_little(at + 24, head.synced);
  put_little(at + 32, head.flags);
  put_little(at + 36, head_checksum(at, salt));
  put_little(at + 40, checksum(records, salt));
}

std::uint64_t find_batch(std::string_view bytes, std::uint64_t from) {
  while (true) {
    const auto found = bytes.find(kBatchMagic, from);
    if (found == std::string_view::npos) return bytes.size();
    if (found % kBatchAlignment == 0) return found;
    from = align_batch(found);
  }
}

std::optional<BatchHead> decode_batch_head(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < kBatchHeadSize || !bytes.starts_with(kBatchMagic)) return std::nullopt;
  const char* const at = bytes.data();
  if (get_little<std::uint32_t>(at + 36) != head_checksum(at, salt)) return std::nullopt;
  return BatchHead{.length = get_little<std::uint32_t>(at + 4),
                   .number = get_little<std::uint64_t>(at + 8),
                   .position = {get_little<std::uint64_t>(at + 16)},
                   .synced = get_little<std::uint64_t>(at + 24),
                   .flags = get_little<std::uint32_t>(at + 32)};
}

bool has_whole_records(const BatchHead& head, std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < kBatchHeadSize + std::uint64_t{head.length}) return false;
  return checksum(bytes.substr(kBatchHeadSize, head.length), salt) ==
         get_little<std::uint64_t>(bytes.data() + 40);
}

void encode_record_head(std::uint32_t length, RecordKind kind, StreamId stream, char* into) {
  put_little(into, length);
  put_little(into + 4, static_cast<std::uint32_t>(kind));
  put_little(into + 8, stream.value);
}

Result<RecordView> decode_record(std::string_view records) {
  if (records.size() < kRecordHeadSize)
    return failure("journal: a record is cut off", ErrorCode::kInvalid);
  const auto length = get_little<std::uint32_t>(records.data());
  const auto kind = get_little<std::uint32_t>(records.data() + 4);
  if (length < kRecordHeadSize || length > records.size())
    return failure("journal: a record has an impossible length", ErrorCode::kInvalid);
  if (kind > 255 || !is_known(static_cast<RecordKind>(kind)))
    return failure("journal: records of kind " + std::to_string(kind) +
                       " are not known: a newer version wrote them",
                   ErrorCode::kInvalid);
  return RecordView{.length = length,
                    .stream = {get_little<std::uint64_t>(records.data() + 8)},
                    .kind = static_cast<RecordKind>(kind),
                    .body = records.substr(kRecordHeadSize, length - kRecordHeadSize)};
}

}  // namespace midge::store
