#include "store/block/record.h"

#include <cstring>

#include "base/check.h"
#include "store/checksum.h"
#include "store/little_endian.h"

namespace midge::store {
namespace {

// Offsets of the fields.
constexpr std::size_t kLength = 0;
constexpr std::size_t kChecksum = 4;
constexpr std::size_t kSequence = 8;
constexpr std::size_t kTime = 16;
constexpr std::size_t kHeaderSize = 24;
constexpr std::size_t kPayloadSize = 28;
constexpr std::size_t kSubjectSize = 32;

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

std::uint32_t record_checksum(std::string_view record) {
  return static_cast<std::uint32_t>(checksum(record.substr(kSequence)));
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

std::size_t record_length(const NewMessage& message) {
  return padded(kRecordHead + message.subject.size() + message.header.size() +
                message.payload.size());
}

bool fits_a_record(const NewMessage& message) {
  return !message.subject.empty() && message.subject.size() <= 65535 &&
         message.header.size() <= kRecordMax && message.payload.size() <= kRecordMax &&
         record_length(message) <= kRecordMax;
}

void write_record(char* into, Sequence sequence, const NewMessage& message) {
  const std::size_t length = record_length(message);
  put_little(into + kLength, static_cast<std::uint32_t>(length));
  put_little(into + kSequence, sequence.value);
  put_little(into + kTime, message.time.ns);
  put_little(into + kHeaderSize, static_cast<std::uint32_t>(message.header.size()));
  put_little(into + kPayloadSize, static_cast<std::uint32_t>(message.payload.size()));
  put_little(into + kSubjectSize, static_cast<std::uint16_t>(message.subject.size()));
  char* at = into + kRecordHead;
  for (const std::string_view part : {message.subject, message.header, message.payload})
    at += part.copy(at, part.size());
  std::memset(at, 0, static_cast<std::size_t>(into + length - at));
  put_little(into + kChecksum, record_checksum({into, length}));
}

Record view_record(const char* at) {
  Record record;
  record.length = get_little<std::uint32_t>(at + kLength);
  record.message.sequence = Sequence{get_little<std::uint64_t>(at + kSequence)};
  record.message.time = WallTime{get_little<std::int64_t>(at + kTime)};
  const std::size_t subject = get_little<std::uint16_t>(at + kSubjectSize);
  const std::size_t header = get_little<std::uint32_t>(at + kHeaderSize);
  const std::size_t payload = get_little<std::uint32_t>(at + kPayloadSize);
  const char* const text = at + kRecordHead;
  record.message.subject = {text, subject};
  record.message.header = {text + subject, header};
  record.message.payload = {text + subject + header, payload};
  return record;
}

Result<Record> read_record(std::string_view bytes) {
  if (bytes.size() < kRecordMin) return failure("a record is cut off", ErrorCode::kIo);
  const std::size_t length = get_little<std::uint32_t>(bytes.data() + kLength);
  const std::uint64_t texts =
      std::uint64_t{get_little<std::uint16_t>(bytes.data() + kSubjectSize)} +
      get_little<std::uint32_t>(bytes.data() + kHeaderSize) +
      get_little<std::uint32_t>(bytes.data() + kPayloadSize);
  if (length != padded(kRecordHead + texts) || length > kRecordMax ||
      get_little<std::uint16_t>(bytes.data() + kSubjectSize) == 0)
    return failure("a record's sizes are wrong", ErrorCode::kIo);
  if (length > bytes.size()) return failure("a record is cut off", ErrorCode::kIo);

  const std::uint32_t expected = record_checksum(bytes.substr(0, length));
  const auto written = get_little<std::uint32_t>(bytes.data() + kChecksum);
  Record record = view_record(bytes.data());
  record.erased = written == ~expected;
  if (record.erased && !all_zero(bytes.substr(kRecordHead, length - kRecordHead)))
    return failure("an erased record is not empty", ErrorCode::kIo);
  if (!record.erased && written != expected)
    return failure("a record's checksum is wrong", ErrorCode::kIo);
  return record;
}

void erase_record(char* at, std::size_t length) {
  std::memset(at + kRecordHead, 0, length - kRecordHead);
  put_little(at + kChecksum, ~record_checksum({at, length}));
}

}  // namespace midge::store
