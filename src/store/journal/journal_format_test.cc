// Goal: the journal's bytes are those of docs/formats/journal.md, now and in later versions.
// Method: fixed heads and records against bytes written down here; each byte of them is covered.
#include "store/journal/journal_format.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

using namespace midge;
using namespace midge::store;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    text += digits;
  }
  return text;
}

constexpr SegmentHead kSegment{.journal = 0x01020304,
                               .number = 7,
                               .position = {0x1122},
                               .first_batch = 9,
                               .salt = 0x0807060504030201};
constexpr BatchHead kBatch{.length = 5, .number = 9, .position = {0x1122}, .synced = 8};

std::string segment_bytes() {
  std::array<char, kSegmentHeadSize> bytes;
  encode(kSegment, bytes);
  return {bytes.data(), bytes.size()};
}

std::string batch_bytes() {
  std::array<char, kBatchHeadSize> bytes;
  encode(kBatch, "hello", kSegment.salt, bytes);
  return std::string(bytes.data(), bytes.size()) + "hello";
}

}  // namespace

TEST_CASE("a segment's head") {
  const std::string bytes = segment_bytes();
  CHECK(hex(bytes.substr(0, 56)) ==
        "4d494447454a4e4c"
        "01000000"
        "04030201"
        "07000000"
        "00000000"
        "2211000000000000"
        "0900000000000000"
        "0102030405060708"
        "ad0da0fb82bb8bf4");
  CHECK(bytes.substr(2048, 56) == bytes.substr(0, 56));
  CHECK(bytes.find_first_not_of('\0', 56) == 2048);
  CHECK(bytes.find_first_not_of('\0', 2048 + 56) == std::string::npos);
}

TEST_CASE("a segment's head outlives any one byte, and two in one copy") {
  for (std::size_t at = 0; at < kSegmentHeadSize; ++at) {
    std::string bytes = segment_bytes();
    bytes[at] ^= 0x40;
    const auto head = decode_segment_head(bytes);
    REQUIRE(head);
    REQUIRE(*head);
    CHECK((*head)->salt == kSegment.salt);
    CHECK((*head)->first_batch == 9);
  }
  std::string bytes = segment_bytes();
  bytes[13] ^= 1;
  bytes[2048 + 50] ^= 1;
  CHECK_FALSE(decode_segment_head(bytes).value());
  CHECK_FALSE(decode_segment_head(std::string(kSegmentHeadSize, '\0')).value());
  CHECK_FALSE(decode_segment_head("").value());
}

TEST_CASE("a newer version is refused, a flipped bit in one is not taken for it") {
  std::string bytes = segment_bytes();
  bytes[8] = 2;
  CHECK(decode_segment_head(bytes).value());
  bytes[2048 + 8] = 2;
  const auto head = decode_segment_head(bytes);
  REQUIRE_FALSE(head);
  CHECK(head.error().text() == "journal segment: version 2 is not known");
}

TEST_CASE("a batch") {
  CHECK(hex(batch_bytes()) ==
        "4d4a4254"
        "05000000"
        "0900000000000000"
        "2211000000000000"
        "0800000000000000"
        "00000000"
        "62c86ab5"
        "b7f7f69cc781f3c6"
        "68656c6c6f");
}

TEST_CASE("a batch is not whole with any byte changed, cut off, or under another salt") {
  const std::string good = batch_bytes();
  const auto is_whole = [](std::string_view bytes, std::uint64_t salt = kSegment.salt) {
    const auto head = decode_batch_head(bytes, salt);
    return head && has_whole_records(*head, bytes, salt);
  };
  CHECK(is_whole(good));
  CHECK(is_whole(good + "more"));
  CHECK_FALSE(is_whole(good, kSegment.salt + 1));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] ^= 1;
    CHECK_FALSE(is_whole(bytes));
    CHECK_FALSE(is_whole(good.substr(0, at)));
  }
}

TEST_CASE("a record") {
  char head[kRecordHeadSize];
  encode_record_head(19, RecordKind::kConsumerStep, StreamId{0x0a0b}, head);
  const std::string bytes = std::string(head, sizeof head) + "xyznext";
  CHECK(hex(bytes.substr(0, 19)) == "130000001a0000000b0a00000000000078797a");
  const auto record = decode_record(bytes);
  REQUIRE(record);
  CHECK(record->length == 19);
  CHECK(record->kind == RecordKind::kConsumerStep);
  CHECK(record->stream.value == 0x0a0b);
  CHECK(record->body == "xyz");
}

TEST_CASE("impossible records are refused") {
  const auto error_of = [](std::uint32_t length, unsigned kind) {
    std::string bytes(24, '\0');
    encode_record_head(length, static_cast<RecordKind>(kind), {}, bytes.data());
    const auto record = decode_record(bytes);
    return record ? std::string() : record.error().text();
  };
  CHECK(error_of(24, 1) == "");
  CHECK(error_of(15, 1) == "journal: a record has an impossible length");
  CHECK(error_of(25, 1) == "journal: a record has an impossible length");
  CHECK(error_of(24, 9) == "journal: records of kind 9 are not known: a newer version wrote them");
  CHECK(error_of(24, 32) ==
        "journal: records of kind 32 are not known: a newer version wrote them");
  CHECK(decode_record(std::string(15, '\0')).error().text() == "journal: a record is cut off");
}
