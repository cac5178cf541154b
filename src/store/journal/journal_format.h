// The journal's bytes: heads of segments, batches and records (docs/formats/journal.md).
// Pure functions; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "store/ids.h"
#include "store/journal/journal.h"

namespace midge::store {

inline constexpr std::size_t kSegmentHeadSize = 4096;  // batches begin here
inline constexpr std::size_t kBatchHeadSize = 48;
inline constexpr std::size_t kBatchAlignment = 8;
inline constexpr std::size_t kRecordHeadSize = 16;

constexpr std::uint64_t align_batch(std::uint64_t offset) {
  return (offset + kBatchAlignment - 1) / kBatchAlignment * kBatchAlignment;
}

struct SegmentHead {
  std::uint32_t journal = 0;
  std::uint32_t number = 0;
  JournalPosition position;
  std::uint64_t first_batch = 0;
  std::uint64_t salt = 0;
  std::uint64_t size = 0;  // of the file, a multiple of 8; 0: it does not say
};

// Fills all of it.
void encode(const SegmentHead& head, std::span<char, kSegmentHeadSize> into);
// nullopt: neither copy is whole. Errors: a version that is not known.
Result<std::optional<SegmentHead>> decode_segment_head(std::string_view bytes);

struct BatchHead {
  std::uint32_t length = 0;  // of the records as stored
  std::uint64_t number = 0;
  JournalPosition position;
  std::uint64_t synced = 0;
  std::uint32_t flags = 0;
};
inline constexpr std::uint32_t kBatchEncrypted = 1;

void encode(const BatchHead& head, std::string_view records, std::uint64_t salt,
            std::span<char, kBatchHeadSize> into);
// Where a batch may begin at or after `from`, an aligned offset; bytes.size() if nowhere.
[[nodiscard]] std::uint64_t find_batch(std::string_view bytes, std::uint64_t from);
// nullopt: `bytes` do not begin with a whole head.
std::optional<BatchHead> decode_batch_head(std::string_view bytes, std::uint64_t salt);
// `bytes` begin with the head.
bool has_whole_records(const BatchHead& head, std::string_view bytes, std::uint64_t salt);

// Where a batch of `length` bytes of records ends that begins at `offset`.
constexpr std::uint64_t batch_end(std::uint64_t offset, std::uint64_t length) {
  return align_batch(offset + kBatchHeadSize + length);
}

void encode_record_head(std::uint32_t length, RecordKind kind, StreamId stream, char* into);

struct RecordView {
  std::uint32_t length = 0;  // with its head
  StreamId stream;
  RecordKind kind{};
  std::string_view body;
};
// The record that `records` begin with. Errors: a kind that is not known; a length that cannot be.
Result<RecordView> decode_record(std::string_view records);

}  // namespace midge::store
