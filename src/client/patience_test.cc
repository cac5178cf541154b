// Goal: whoever waits does so until its time, until it is called off, or until it is told; and
// works meanwhile, if its thread is to.
#include "client/patience.h"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::detail;
using namespace std::chrono_literals;

namespace {

// A clock that goes on by a second with each look at what is to be done.
class Work final : public io::Monitor::Meanwhile {
 public:
  MonoTime now() override { return time_; }
  void work(MonoTime) override { time_ = time_ + seconds(1); }
  void wake() override { ++wakes; }

  int wakes = 0;

 private:
  MonoTime time_{seconds(5).ns};
};

struct Working {
  std::shared_ptr<Work> work = std::make_shared<Work>();
  Working() { io::Monitor::set_meanwhile(work); }
  ~Working() { io::Monitor::set_meanwhile(nullptr); }
};

}  // namespace

TEST_CASE("a deadline that is over, and one that is called off") {
  io::Monitor monitor;
  Patience none(monitor, 0s);
  std::stop_source stop;
  Patience stopped(monitor, {1h, stop.get_token()});
  stop.request_stop();
  io::Monitor::Lock lock(monitor);
  CHECK(!none.wait(lock));
  CHECK(none.error().code() == ErrorCode::kTimeout);
  CHECK(!stopped.wait(lock));
  CHECK(stopped.error().code() == ErrorCode::kCancelled);
}

TEST_CASE("durations of any size") {
  const MonoTime now{1};
  CHECK(end_of(now, Deadline(Timeout::max())) > now);
  CHECK(end_of(now, Deadline(-1s)) < now);
  CHECK(end_of(now, Deadline(2s)) == now + seconds(2));
}

TEST_CASE_FIXTURE(Working, "a thread that works while it waits has the time of its work") {
  io::Monitor monitor;
  Patience patience(monitor, 3s);
  io::Monitor::Lock lock(monitor);
  int rounds = 0;
  while (patience.wait(lock)) ++rounds;
  CHECK(rounds == 2);
  CHECK(patience.error().code() == ErrorCode::kTimeout);
  CHECK(io::Monitor::now() == MonoTime{seconds(8).ns});
  monitor.tell();
  CHECK(work->wakes == 0);  // nobody waits
}

TEST_CASE_FIXTURE(Working, "what is left of a deadline for several calls") {
  const Remaining left(Deadline(3s));
  CHECK(left().timeout == 3s);
  work->work({});
  CHECK(left().timeout == 2s);
  for (int i = 0; i < 5; ++i) work->work({});
  CHECK(left().timeout < 0s);
}
