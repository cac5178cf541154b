#include "jetstream/archive/old_block.h"

#include <algorithm>
#include <utility>

#include "jetstream/archive/consumer_archive.h"
#include "jetstream/archive/varint.h"

namespace midge::jetstream {
namespace {

constexpr std::size_t kHead = 22, kHash = 8, kHeaderLength = 4;
constexpr std::uint32_t kHasHeader = 1U << 31;
constexpr std::uint64_t kErased = 1ULL << 63, kTombstone = 1ULL << 62;
constexpr std::size_t kRecordMax = 32 << 20;
constexpr char kMagic = 22;
constexpr std::int64_t kSecond = 1'000'000'000;

std::unexpected<Error> damaged(std::string_view what) {
  return failure("damaged " + std::string(what), ErrorCode::kInvalid);
}

template <class Integer>
Integer number(std::string_view bytes, std::size_t at) {
  Integer value = 0;
  for (std::size_t i = sizeof value; i-- > 0;)
    value = static_cast<Integer>(value << 8 | static_cast<unsigned char>(bytes[at + i]));
  return value;
}

}  // namespace

Result<std::optional<OldRecord>> take_old_record(std::string_view& block) {
  if (block.size() < kHead) return std::nullopt;
  const auto marked_length = number<std::uint32_t>(block, 0);
  const std::size_t length = marked_length & ~kHasHeader;
  const std::size_t subject_size = number<std::uint16_t>(block, 20);
  const bool has_header = (marked_length & kHasHeader) != 0;
  if (length > kRecordMax || length < kHead + kHash + subject_size) return damaged("record");
  if (block.size() < length) return std::nullopt;
  const std::string_view content = block.substr(kHead, length - kHead - kHash);
  OldRecord record;
  const auto marked = number<std::uint64_t>(block, 4);
  record.sequence = marked & ~(kErased | kTombstone);
  record.time = static_cast<std::int64_t>(number<std::uint64_t>(block, 12));
  block.remove_prefix(length);
  if ((marked & kTombstone) != 0) {
    record.kind = OldRecord::Kind::kTombstone;
  } else if ((marked & kErased) != 0 || record.sequence == 0) {
    record.kind = OldRecord::Kind::kErased;
  } else {
    record.subject = content.substr(0, subject_size);
    record.payload = content.substr(subject_size);
  }
  if (record.kind != OldRecord::Kind::kMessage || !has_header) return record;
  if (record.payload.size() < kHeaderLength) return damaged("record");
  const std::size_t header_size = number<std::uint32_t>(record.payload, 0);
  if (record.payload.size() - kHeaderLength < header_size) return damaged("record");
  record.header = record.payload.substr(kHeaderLength, header_size);
  record.payload.remove_prefix(kHeaderLength + header_size);
  return record;
}

Result<OldBlockIndex> read_old_block_index(std::string_view file) {
  if (file.size() < 2 || file[0] != kMagic) return damaged("index of a block");
  VarintReader in(file.substr(2));
  OldBlockIndex index;
  in.number();  // messages
  in.number();  // bytes
  index.first = in.number() & ~kErased;
  in.signed_number();  // time of the first
  index.last = in.number() & ~kErased;
  index.last_time = in.signed_number();
  const std::uint64_t removed = in.number();
  std::string_view rest = in.rest();
  if (in.state() != VarintReader::State::kGood || rest.size() < kHash ||
      removed > rest.size() - kHash)
    return damaged("index of a block");
  VarintReader places(rest.substr(kHash));
  for (std::uint64_t i = 0; i < removed; ++i)
    index.removed.push_back(index.first + places.number());
  if (places.state() != VarintReader::State::kGood) return damaged("index of a block");
  std::ranges::sort(index.removed);
  return index;
}

Result<ConsumerProgress> read_old_consumer(std::string_view file) {
  const char version = file.size() < 2 ? '\0' : file[1];
  if (version < 1 || version > 2 || file[0] != kMagic) return damaged("state");
  VarintReader in(file.substr(2));
  Positions floor, delivered;
  floor.consumer.value = in.number();
  floor.stream.value = in.number();
  delivered.consumer.value = in.number();
  delivered.stream.value = in.number();
  // The first version counted what was delivered from the floor, and the next one.
  if (version == 1 && floor.consumer.value > 1)
    delivered.consumer.value += floor.consumer.value - 1;
  if (version == 1 && floor.stream.value > 1) delivered.stream.value += floor.stream.value - 1;

  std::vector<ArchivedPending> pending;
  const std::uint64_t count = in.number();
  const std::int64_t base = count > 0 ? in.signed_number() : 0;
  for (std::uint64_t i = 0; i < count && in.state() == VarintReader::State::kGood; ++i) {
    ArchivedPending entry;
    entry.stream.value = floor.stream.value + in.number();
    if (version == 2) entry.consumer.value = floor.consumer.value + in.number();
    const std::int64_t seconds = in.signed_number();
    // In 64 bits without a sign: what is absurd stays so, and is defined.
    const auto at = static_cast<std::uint64_t>(base) +
                    (version == 1 ? 1 : -1) * static_cast<std::uint64_t>(seconds);
    entry.delivered.ns = static_cast<std::int64_t>(at * kSecond);
    pending.push_back(entry);
  }
  std::ranges::sort(pending, {}, &ArchivedPending::stream);
  const std::uint64_t again = in.number();
  for (std::uint64_t i = 0; i < again && in.state() == VarintReader::State::kGood; ++i) {
    const Sequence sequence{floor.stream.value + in.number()};
    const std::uint64_t deliveries = in.number();
    const auto found = std::ranges::lower_bound(pending, sequence, {}, &ArchivedPending::stream);
    if (found != pending.end() && found->stream == sequence)
      found->deliveries +=
          static_cast<std::uint32_t>(std::min<std::uint64_t>(deliveries, INT32_MAX));
  }
  if (in.state() != VarintReader::State::kGood) return damaged("state");
  return archived_progress(delivered, floor, std::move(pending));
}

}  // namespace midge::jetstream
