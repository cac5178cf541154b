// What is asked of a consumer, and what its status lines mean, by tables.
#include "client/jetstream/pull_ledger.h"

#include <doctest/doctest.h>

namespace midge::detail {
namespace {

TEST_CASE("what is asked for fills up what is missing, below the threshold") {
  PullLedger ledger({.messages = 10, .bytes = 0, .threshold_messages = 5, .threshold_bytes = 0});
  CHECK(ledger.next(0, 0)->batch == 10);
  CHECK_FALSE(ledger.next(0, 0));
  for (int i = 0; i < 4; ++i) ledger.on_message(100);
  CHECK_FALSE(ledger.next(0, 0));
  ledger.on_message(100);
  CHECK_FALSE(ledger.next(1, 100));  // nobody has handled it yet
  CHECK(ledger.next(0, 0)->batch == 5);
  CHECK(ledger.messages() == 10);
  ledger.reset();
  CHECK(ledger.next(4, 400)->batch == 6);
}

TEST_CASE("bytes are filled up where they count") {
  PullLedger ledger(
      {.messages = 1, .bytes = 1000, .threshold_messages = 0, .threshold_bytes = 500});
  CHECK(ledger.next(0, 0)->bytes == 1000);
  ledger.on_message(400);
  CHECK_FALSE(ledger.next(0, 0));
  ledger.on_message(200);
  CHECK_FALSE(ledger.next(3, 200));
  CHECK(ledger.next(0, 0)->bytes == 600);
  CHECK(ledger.bytes() == 1000);
}

TEST_CASE("what the server will not deliver is missing") {
  PullLedger ledger({.messages = 10, .bytes = 0, .threshold_messages = 5, .threshold_bytes = 0});
  CHECK(ledger.next(0, 0));
  ledger.on_message(1);
  CHECK(ledger.on_status(408, "Request Timeout", 9, 0) == PullVerdict::kGoOn);
  CHECK(ledger.next(0, 0)->batch == 10);
  CHECK(ledger.on_status(408, "Request Timeout", 99, 99) == PullVerdict::kGoOn);
  CHECK(ledger.messages() == 0);
}

TEST_CASE("status lines have their meanings") {
  const struct {
    int code;
    const char* description;
    PullVerdict verdict;
  } kLines[] = {
      {100, "Idle Heartbeat", PullVerdict::kGoOn},
      {400, "Bad Request", PullVerdict::kEnd},
      {404, "No Messages", PullVerdict::kGoOn},
      {408, "Interest Expired", PullVerdict::kGoOn},
      {409, "Message Size Exceeds MaxBytes", PullVerdict::kGoOn},
      {409, "Batch Completed", PullVerdict::kGoOn},
      {409, "Consumer Deleted", PullVerdict::kLost},
      {409, "Consumer is push based", PullVerdict::kEnd},
      {409, "Leadership Change", PullVerdict::kBeginAnew},
      {409, "Server Shutdown", PullVerdict::kBeginAnew},
      {409, "Exceeded MaxWaiting", PullVerdict::kBeginAnew},
      {412, "Required Api Level", PullVerdict::kEnd},
      {423, "Nats-Wrong-Pin-Id", PullVerdict::kUnpinned},
      {503, "", PullVerdict::kLost},
      {599, "Nobody Knows", PullVerdict::kWarn},
  };
  for (const auto& line : kLines) {
    CAPTURE(line.description);
    CHECK(PullLedger({}).on_status(line.code, line.description, 0, 0) == line.verdict);
  }
}

}  // namespace
}  // namespace midge::detail
