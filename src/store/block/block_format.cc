#include "store/block/block_format.h"

#include <algorithm>

#include "store/checksum.h"
#include "store/little_endian.h"

namespace midge::store {
namespace {

constexpr std::string_view kHeaderMagic = "MIDGEBLK";
constexpr std::string_view kTrailerMagic = "MIDGEEND";
constexpr std::uint32_t kVersion = 1;

std::unexpected<Error> rotten(const char* what) { return failure(what, ErrorCode::kIo); }

// Before the subjects' texts: their checksum, and a length for each.
constexpr std::size_t kTextsHead = 8;
constexpr std::size_t kTextLength = 2;

constexpr std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

constexpr std::size_t even(std::size_t count) { return (count + 1) & ~std::size_t{1}; }

std::uint32_t number_at(std::string_view column, std::uint32_t row) {
  return get_little<std::uint32_t>(column.data() + std::size_t{row} * 4);
}

// The columns of an index as bytes.
struct ColumnBytes {
  std::string_view relatives, places, subjects, texts;
};

ColumnBytes cut(std::string_view index, std::uint32_t records, std::uint32_t subjects) {
  const std::size_t step = even(records) * 4;
  return {index.substr(0, step), index.substr(step, step), index.substr(step * 2, step),
          index.substr(step * 3, even(subjects) * 4)};
}

}  // namespace

void write_block_header(char* into, const BlockName& name) {
  kHeaderMagic.copy(into, kHeaderMagic.size());
  put_little(into + 8, kVersion);
  put_little(into + 12, name.number);
  put_little(into + 16, name.stream.value);
  put_little(into + 24, name.first.value);
  put_little(into + 32, std::uint64_t{0});
  put_little(into + 40, checksum({into, 40}));
}

Result<BlockName> read_block_header(std::string_view bytes) {
  if (bytes.size() < kBlockHeader) return rotten("shorter than a block's header");
  if (!bytes.starts_with(kHeaderMagic)) return rotten("not a block");
  if (get_little<std::uint64_t>(bytes.data() + 40) != checksum(bytes.substr(0, 40)))
    return rotten("the header's checksum is wrong");
  if (get_little<std::uint32_t>(bytes.data() + 8) != kVersion)
    return failure("a block of a version that is not known", ErrorCode::kInvalid);
  return BlockName{StreamId{get_little<std::uint64_t>(bytes.data() + 16)},
                   get_little<std::uint32_t>(bytes.data() + 12),
                   Sequence{get_little<std::uint64_t>(bytes.data() + 24)}};
}

std::size_t block_index_size(std::uint32_t records, std::uint32_t subjects) {
  return (even(records) * 3 + even(subjects)) * 4;
}

std::string write_block_index(const BlockColumns& columns) {
  std::string index(block_index_size(columns.records(), columns.subjects()), '\0');
  char* at = index.data();
  const auto column = [&](std::uint32_t rows, auto&& value) {
    for (std::uint32_t row = 0; row < rows; ++row)
      put_little<std::uint32_t>(at + std::size_t{row} * 4, value(row));
    at += even(rows) * 4;
  };
  column(columns.records(), [&](std::uint32_t row) { return columns.relative(row); });
  column(columns.records(), [&](std::uint32_t row) { return columns.place(row); });
  column(columns.records(), [&](std::uint32_t row) { return columns.subject(row); });
  column(columns.subjects(), [&](std::uint32_t row) { return columns.text_record(row); });
  return index;
}

Result<BlockColumns> read_block_index(std::string_view bytes, const BlockName& name,
                                      const BlockTrailer& trailer) {
  if (bytes.size() != block_index_size(trailer.records, trailer.subjects))
    return rotten("the index has a wrong size");
  if (checksum(bytes) != trailer.index_checksum) return rotten("the index's checksum is wrong");
  const ColumnBytes from = cut(bytes, trailer.records, trailer.subjects);
  BlockColumns columns(name.first, kBlockHeader);
  columns.reserve(trailer.records, trailer.subjects);
  std::uint64_t offset = kBlockHeader;
  std::uint64_t least = 0;  // of the next sequence
  for (std::uint32_t row = 0; row < trailer.records; ++row) {
    const std::uint32_t relative = number_at(from.relatives, row);
    const std::uint32_t place = number_at(from.places, row);
    const std::uint32_t subject = number_at(from.subjects, row);
    const std::uint64_t end = row + 1 < trailer.records
                                  ? std::uint64_t{number_at(from.places, row + 1) >> 4} * 8
                                  : trailer.index_offset;
    const std::uint64_t head = kRecordHead + (place & 7);
    if (std::uint64_t{place >> 4} * 8 != offset || end < offset + std::max(head, kRecordMin) ||
        end > trailer.index_offset || relative < least || subject > columns.subjects())
      return rotten("the index contradicts itself");
    columns.append(name.first + relative, offset, end, {end - offset - head, (place & 8) != 0},
                   subject);
    least = std::uint64_t{relative} + 1;
    offset = end;
  }
  if (columns.subjects() != trailer.subjects) return rotten("the index contradicts the trailer");
  for (std::uint32_t subject = 0; subject < columns.subjects(); ++subject)
    if (!columns.set_text_record(subject, number_at(from.texts, subject)))
      return rotten("the index contradicts itself");
  if (offset != trailer.index_offset || name.first + least != trailer.last + 1)
    return rotten("the index contradicts the trailer");
  return columns;
}

std::size_t subject_texts_min(std::uint32_t subjects) {
  return kTextsHead + padded(std::size_t{subjects} * kTextLength);
}

std::string write_subject_texts(const SubjectTexts& texts, std::size_t size) {
  std::string bytes(subject_texts_min(texts.size()), '\0');
  for (std::uint32_t subject = 0; subject < texts.size(); ++subject) {
    put_little(bytes.data() + kTextsHead + std::size_t{subject} * kTextLength,
               static_cast<std::uint16_t>(texts[subject].size()));
    bytes.append(texts[subject]);
  }
  bytes.resize(std::max(padded(bytes.size()), size));
  put_little(bytes.data(), checksum(std::string_view(bytes).substr(kTextsHead)));
  return bytes;
}

Result<SubjectTexts> read_subject_texts(std::string_view bytes, std::uint32_t subjects) {
  std::size_t at = subject_texts_min(subjects);
  if (bytes.size() < at) return rotten("the subjects' texts are cut off");
  if (get_little<std::uint64_t>(bytes.data()) != checksum(bytes.substr(kTextsHead)))
    return rotten("the checksum of the subjects' texts is wrong");
  SubjectTexts texts;
  const char* length = bytes.data() + kTextsHead;
  for (std::uint32_t subject = 0; subject < subjects; ++subject, length += kTextLength) {
    const std::size_t size = get_little<std::uint16_t>(length);
    if (bytes.size() - at < size) return rotten("the subjects' texts contradict their lengths");
    texts.add(bytes.substr(at, size));
    at += size;
  }
  return texts;
}

std::string write_block_trailer(const BlockTrailer& trailer) {
  std::string bytes(kBlockTrailer, '\0');
  char* const at = bytes.data();
  kTrailerMagic.copy(at, kTrailerMagic.size());
  put_little(at + 8, trailer.last.value);
  put_little(at + 16, trailer.first_time.ns);
  put_little(at + 24, trailer.last_time.ns);
  put_little(at + 32, trailer.records);
  put_little(at + 36, trailer.subjects);
  put_little(at + 40, trailer.index_offset);
  put_little(at + 44, std::uint32_t{0});
  put_little(at + 48, trailer.index_checksum);
  put_little(at + 56, trailer.records_checksum);
  put_little(at + 64, checksum({at, 64}));
  return bytes;
}

Result<BlockTrailer> read_block_trailer(std::string_view bytes) {
  if (bytes.size() != kBlockTrailer || !bytes.starts_with(kTrailerMagic))
    return rotten("no trailer");
  const char* const at = bytes.data();
  if (get_little<std::uint64_t>(at + 64) != checksum({at, 64}))
    return rotten("the trailer's checksum is wrong");
  if (get_little<std::uint32_t>(at + 44) != 0)
    return failure("compressed and encrypted blocks are not supported", ErrorCode::kInvalid);
  BlockTrailer trailer;
  trailer.last = Sequence{get_little<std::uint64_t>(at + 8)};
  trailer.first_time = WallTime{get_little<std::int64_t>(at + 16)};
  trailer.last_time = WallTime{get_little<std::int64_t>(at + 24)};
  trailer.records = get_little<std::uint32_t>(at + 32);
  trailer.subjects = get_little<std::uint32_t>(at + 36);
  trailer.index_offset = get_little<std::uint32_t>(at + 40);
  trailer.index_checksum = get_little<std::uint64_t>(at + 48);
  trailer.records_checksum = get_little<std::uint64_t>(at + 56);
  return trailer;
}

}  // namespace midge::store
