// Goal: frames go whole and in order, wait where there is no room, and are kept, or not, for the
// next connection.
#include "client/outbox.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace midge;
using namespace midge::detail;
using namespace std::chrono_literals;

namespace {

Result<Outbox::Appended> put(Outbox& outbox, std::string_view frame, bool may_wait = true) {
  return outbox.append(frame.size(), 1, 10ms, may_wait, [&](char* at) {
    std::memcpy(at, frame.data(), frame.size());
    return at + frame.size();
  });
}

std::string taken(Outbox& outbox) {
  std::string bytes;
  return outbox.take(bytes) == Outbox::Taken::kAll ? bytes : "nothing";
}

constexpr std::string_view kOne = "PUB a 1\r\n1\r\n", kTwo = "PUB b 1\r\n2\r\n";

}  // namespace

TEST_CASE("whoever writes first wakes the loop, and again once it has found nothing") {
  Outbox outbox({.pending_max = 100, .buffered_max = 100});
  outbox.open();
  CHECK(put(outbox, kOne)->wakes);
  CHECK(!put(outbox, kTwo)->wakes);
  CHECK(taken(outbox) == std::string(kOne) + std::string(kTwo));
  CHECK(!put(outbox, kOne)->wakes);  // the loop comes again by itself
  CHECK(taken(outbox) == kOne);
  CHECK(taken(outbox) == "nothing");
  CHECK(put(outbox, kOne)->wakes);
  CHECK(outbox.figures().messages == 4);
  CHECK(outbox.figures().bytes == 4);
}

TEST_CASE("who wants a number of bytes gets them, or knows that there are fewer") {
  Outbox outbox({.pending_max = 100, .buffered_max = 100});
  outbox.open();
  std::string bytes;
  CHECK(outbox.take(bytes, 20) == Outbox::Taken::kNothing);
  CHECK(put(outbox, kOne)->wakes);
  CHECK(outbox.take(bytes, 20) == Outbox::Taken::kLittle);
  CHECK(bytes.empty());
  CHECK(!put(outbox, kTwo)->wakes);
  CHECK(outbox.take(bytes, 20) == Outbox::Taken::kAll);
  CHECK(bytes == std::string(kOne) + std::string(kTwo));
}

TEST_CASE("without a connection publishes wait for one, and control lines do not") {
  Outbox outbox({.pending_max = 100, .buffered_max = 30});
  CHECK(put(outbox, kOne));
  CHECK(!outbox.append_control("SUB a 1\r\n")->wakes);
  CHECK(taken(outbox) == "nothing");
  CHECK(put(outbox, kTwo));
  CHECK(put(outbox, kTwo).error().code() == ErrorCode::kNoSpace);
  outbox.open();
  CHECK(taken(outbox) == std::string(kOne) + std::string(kTwo));
}

TEST_CASE("who finds no room waits for as long as it likes, or does not wait") {
  Outbox outbox({.pending_max = 10, .buffered_max = 100});
  outbox.open();
  CHECK(put(outbox, kOne));  // larger than all the room: it goes where there is nothing else
  CHECK(put(outbox, kTwo).error().code() == ErrorCode::kTimeout);
  CHECK(put(outbox, kTwo, false));
  CHECK(taken(outbox) == std::string(kOne) + std::string(kTwo));
  std::stop_source stop;
  stop.request_stop();
  CHECK(put(outbox, kOne));
  const auto cancelled =
      outbox.append(1, 1, {1s, stop.get_token()}, true, [](char* at) { return at; });
  CHECK(cancelled.error().code() == ErrorCode::kCancelled);
}

TEST_CASE("what is kept of a connection that is lost") {
  const std::string one(kOne), two(kTwo);
  const std::string frames = "SUB a 1\r\n" + one + "PING\r\n" + two;
  const std::size_t at_one = frames.find(one);
  struct Case {
    std::size_t written;
    std::string kept;
  };
  const Case cases[] = {
      {0, one + two},          {at_one, one + two},     {at_one + 1, two},
      {frames.size() - 1, ""}, {frames.find(two), two}, {frames.size(), ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.written);
    CHECK(publishes_from(frames, each.written) == each.kept);
    Outbox outbox({.pending_max = 1000, .buffered_max = 1000});
    outbox.open();
    CHECK(put(outbox, "PUB c 0\r\n\r\n"));
    CHECK(outbox.append_control("PING\r\n"));
    outbox.hold(frames, each.written);
    CHECK(taken(outbox) == "nothing");
    outbox.open();
    CHECK(taken(outbox) == each.kept + "PUB c 0\r\n\r\n");
  }
}

TEST_CASE("one that is closed takes nothing, and does not open again") {
  Outbox outbox({.pending_max = 100, .buffered_max = 100});
  outbox.open();
  CHECK(put(outbox, kOne));
  outbox.close();
  outbox.open();
  outbox.hold(std::string(kOne), 0);
  CHECK(put(outbox, kOne).error().code() == ErrorCode::kClosed);
  CHECK(outbox.append_control("PING\r\n").error().code() == ErrorCode::kClosed);
  CHECK(taken(outbox) == "nothing");
}
