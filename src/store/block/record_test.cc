// Goal: a message comes back from its record as it went in, and no changed bit of a record passes.
#include "store/block/record.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace midge::store {
namespace {

std::string record_of(Sequence sequence, const NewMessage& message) {
  std::string bytes(record_length(message), '\xff');
  write_record(bytes.data(), sequence, message);
  return bytes;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

const NewMessage kOrder{"orders.1", "NATS/1.0\r\n\r\n", "hello",
                        WallTime{1'700'000'000'000'000'001}};

TEST_CASE("the bytes of a record") {
  CHECK(hex(record_of(Sequence{258}, kOrder)) ==
        "40000000"                  // length
        "45098493"                  // checksum
        "0201000000000000"          // sequence
        "01002a36fe9c9717"          // time
        "0c000000"                  // header size
        "05000000"                  // payload size
        "0800"                      // subject size
        "6f72646572732e31"          // subject
        "4e4154532f312e300d0a0d0a"  // header
        "68656c6c6f"                // payload
        "0000000000");
}

TEST_CASE("messages of all sizes come back") {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string subject(1 + random() % (i % 100 == 0 ? 65'535 : 40), 's');
    std::string header(random() % 3 == 0 ? random() % 100 : 0, 'h');
    std::string payload(random() % 5000, 'p');
    const NewMessage message{subject, header, payload, WallTime{static_cast<std::int64_t>(i)}};
    REQUIRE(fits_a_record(message));
    const std::string bytes = record_of(Sequence{std::uint64_t{1} << (i % 64)}, message);
    REQUIRE(bytes.size() % 8 == 0);
    const std::string more = bytes + "behind";
    const Result<Record> record = read_record(more);
    REQUIRE(record.has_value());
    REQUIRE(record->length == bytes.size());
    REQUIRE_FALSE(record->erased);
    REQUIRE(record->message.sequence == Sequence{std::uint64_t{1} << (i % 64)});
    REQUIRE(record->message.time == message.time);
    REQUIRE(record->message.subject == subject);
    REQUIRE(record->message.header == header);
    REQUIRE(record->message.payload == payload);
  }
}

TEST_CASE("what is no record") {
  CHECK_FALSE(fits_a_record({"", "", "x", {}}));
  CHECK_FALSE(fits_a_record({std::string(65'536, 's'), "", "", {}}));
  CHECK(fits_a_record({"s", "", "", {}}));
  CHECK_FALSE(read_record("").has_value());
  CHECK_FALSE(read_record(std::string(100, '\0')).has_value());
  CHECK_FALSE(read_record(std::string(100, '\xff')).has_value());
}

TEST_CASE("every flipped bit and every cut is found, in erased records too") {
  for (const bool erased : {false, true}) {
    std::string bytes = record_of(Sequence{7}, kOrder);
    if (erased) erase_record(bytes.data(), bytes.size());
    REQUIRE(read_record(bytes).has_value());
    CHECK(read_record(bytes)->erased == erased);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      REQUIRE_FALSE(read_record(damaged).has_value());
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE_FALSE(read_record(bytes.substr(0, size)).has_value());
  }
}

TEST_CASE("an erased record keeps its head and nothing of its texts") {
  std::string bytes = record_of(Sequence{7}, kOrder);
  erase_record(bytes.data(), bytes.size());
  const Result<Record> record = read_record(bytes);
  REQUIRE(record.has_value());
  CHECK(record->message.sequence == Sequence{7});
  CHECK(record->message.time == kOrder.time);
  CHECK(record->message.payload == std::string(5, '\0'));
  CHECK(bytes.find("hello") == std::string::npos);
  CHECK(bytes.find("orders") == std::string::npos);
}

}  // namespace
}  // namespace midge::store
