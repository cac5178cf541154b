// Goal: what a newer server recorded stays as it is, and it is known why it is not used.
#include "jetstream/offline.h"

#include <doctest/doctest.h>

#include "jetstream/recovery.h"

namespace midge::jetstream {
namespace {

std::string stream_json(const std::string& level, const std::string& more = {}) {
  StreamRecord record;
  record.account = "A";
  record.config.name = "S";
  if (!level.empty()) record.config.metadata["_nats.req.level"] = level;
  std::string text = codec::write_json_struct(record);
  text.insert(text.size() - 1, more);
  return text;
}

}  // namespace

TEST_CASE("records that are understood are read, all others are kept to the byte [JS-S-63]") {
  const struct {
    std::string text, reason;
  } cases[] = {
      {stream_json(""), ""},
      {stream_json("0"), ""},
      {stream_json("5"), ""},
      {stream_json("6"), "unsupported - required API level: 6, current API level: 5"},
      {stream_json("x"), "unsupported - required API level: x, current API level: 5"},
      {stream_json("6", ",\"more\":1"), "unsupported - config error: unknown field \"more\""},
      {stream_json("5", ",\"more\":1"), "decoding error: json: unknown field \"more\""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    RecoveredStream stream;
    REQUIRE(read_record(one.text, stream.record));
    CHECK(stream.record.account == "A");
    CHECK(stream.record.config.name == "S");
    CHECK(offline_reason(stream) == one.reason);
    CHECK(stream.record.offline.has_value() == !one.reason.empty());
    CHECK(record_text(stream.record) == one.text);
  }
}

TEST_CASE("a stream with a consumer that is not understood is offline [JS-S-63]") {
  RecoveredStream stream;
  REQUIRE(read_record(stream_json("1"), stream.record));
  REQUIRE(read_record(R"({"created":1,"config":{"name":"C"}})", stream.consumers[1].record));
  CHECK(offline_reason(stream).empty());
  const std::string text = R"({"created":1,"config":{"name":"D","ack_policy":"some"}})";
  REQUIRE(read_record(text, stream.consumers[2].record));
  CHECK(record_text(stream.consumers[2].record) == text);
  CHECK(offline_reason(stream) == "stopped - unsupported consumer \"D\"");
  CHECK(find_consumer(stream, "D") == &stream.consumers[2]);
  CHECK(find_consumer(stream, "E") == nullptr);
}

TEST_CASE("what has no name is no record") {
  StreamRecord record;
  CHECK(!read_record("nothing", record));
  CHECK(!read_record(R"({"account":5})", record));
}

}  // namespace midge::jetstream
