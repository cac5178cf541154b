// Goal: mail arrives once and in order, sleeping loops wake, turns and timers run, stopping is
// clean. Method: real threads; waits are for events, never for time.
#include <doctest/doctest.h>

#include <pthread.h>
#include <signal.h>

#include "io/posix/loop_fixture.h"

using namespace midge;
using namespace midge::io;

TEST_CASE("mail of many threads arrives once, in order per sender") {
  constexpr int kSenders = 4;
  constexpr int kMails = 5000;
  LoopFixture fixture(kSenders + 1);
  std::vector<int> last(kSenders, -1);
  int disorder = 0;
  int arrived = 0;
  std::promise<void> all;
  for (int sender = 0; sender < kSenders; ++sender) {
    fixture.post(
        [&, sender] {
          for (int i = 0; i < kMails; ++i) {
            fixture.post(
                [&, sender, i] {
                  if (std::exchange(last[sender], i) != i - 1) ++disorder;
                  if (++arrived == kSenders * kMails) all.set_value();
                },
                kSenders);
          }
        },
        sender);
  }
  all.get_future().wait();
  fixture.end();
  CHECK(disorder == 0);
  CHECK(arrived == kSenders * kMails);
}

TEST_CASE("a sleeping loop wakes for each mail") {
  LoopFixture fixture(2);
  // Ping-pong: at each step the other loop is asleep or about to be. A lost wake hangs the test.
  std::promise<void> done;
  int left = 20'000;
  std::function<void(unsigned)> hit = [&](unsigned loop) {
    if (--left == 0) return done.set_value();
    fixture.post([&hit, loop] { hit(1 - loop); }, 1 - loop);
  };
  fixture.post([&] { hit(0); });
  done.get_future().wait();
  CHECK(left == 0);
}

TEST_CASE("drain_mail lets mail arrive in order, also from within mail") {
  LoopFixture fixture;
  std::vector<int> order;
  fixture.run([&] {
    fixture.post([&] {
      order.push_back(1);
      fixture.loop().drain_mail();
      order.push_back(4);
    });
    fixture.post([&] { order.push_back(2); });
    fixture.post([&] { order.push_back(3); });
    fixture.loop().drain_mail();
    order.push_back(5);
  });
  CHECK(order == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("timers fire on the loop, and tick_again does not wait") {
  LoopFixture fixture;
  struct Owner {
    explicit Owner(Loop& loop) : loop_(loop) {}
    void on_time() {
      early = early || loop_.now() < timer.deadline();
      fired.set_value();
    }
    Loop& loop_;
    MemberTimer<&Owner::on_time> timer{*this};
    bool early = false;
    std::promise<void> fired;
  } owner(fixture.loop());
  fixture.run(
      [&] { fixture.loop().timers().arm(owner.timer, fixture.loop().now() + milliseconds(3)); });
  owner.fired.get_future().wait();
  fixture.run([] {});
  CHECK_FALSE(owner.early);

  Milestone ticks;
  fixture.run([&] { fixture.loop().tick_again(); });
  const int before = fixture.handlers[0].ticks.load();
  fixture.run([&] { fixture.loop().tick_again(); });
  fixture.run([] {});
  CHECK(fixture.handlers[0].ticks.load() > before);
}

TEST_CASE("tick_by wakes a loop that nothing else wakes") {
  LoopFixture fixture;
  std::atomic<int>& ticks = fixture.handlers[0].ticks;
  int before = 0;
  fixture.run([&] {
    before = ticks.load();
    fixture.loop().tick_by(fixture.loop().now() + microseconds(200));
  });
  // The one that this was said in, and the one that it asks for.
  for (int seen = 0; (seen = ticks.load()) < before + 2;) ticks.wait(seen);
  fixture.run([&] { CHECK(fixture.loop().now().ns > 0); });
}

TEST_CASE("turns run once each, not within mail, and may schedule themselves again") {
  LoopFixture fixture;
  struct Repeating final : Turn {
    Repeating(Loop& loop, std::promise<void>& done) : loop_(loop), done_(done) {}
    void on_turn() override {
      within_mail = within_mail || mail_runs;
      if (++count == 3) return done_.set_value();
      loop_.schedule(*this);
      loop_.schedule(*this);
    }
    Loop& loop_;
    std::promise<void>& done_;
    bool mail_runs = false;
    bool within_mail = false;
    int count = 0;
  };
  std::promise<void> done;
  Repeating turn(fixture.loop(), done);
  auto doomed = std::make_unique<Repeating>(fixture.loop(), done);
  fixture.run([&] {
    turn.mail_runs = true;
    fixture.loop().schedule(*doomed);
    fixture.loop().schedule(turn);
    fixture.loop().drain_mail();
    doomed.reset();
    turn.mail_runs = false;
  });
  done.get_future().wait();
  fixture.end();
  CHECK(turn.count == 3);
  CHECK_FALSE(turn.within_mail);
}

TEST_CASE("stopping: handlers are told once, mail that comes too late is destroyed") {
  struct Counted final : Mail {
    explicit Counted(std::atomic<int>& destroyed) : destroyed_(destroyed) {}
    ~Counted() override { destroyed_.fetch_add(1); }
    void arrive(LoopHandler&) override { arrived = true; }
    std::atomic<int>& destroyed_;
    bool arrived = false;
  };
  std::atomic<int> destroyed{0};
  LoopFixture fixture(2);
  fixture.run([] {});
  fixture.end();
  fixture.loop(0).post(std::make_unique<Counted>(destroyed));
  fixture.loop(1).post(std::make_unique<Counted>(destroyed));
  CHECK(destroyed.load() == 2);
  for (const auto& handler : fixture.handlers) {
    CHECK(handler.starts.load() == 1);
    CHECK(handler.stops.load() == 1);
  }
}

TEST_CASE("mail posted before stopping arrives") {
  for (int round = 0; round < 200; ++round) {
    LoopFixture fixture(2);
    std::atomic<int> arrived{0};
    fixture.post([&] { arrived.fetch_add(1); }, 0);
    fixture.post([&] { arrived.fetch_add(1); }, 1);
    fixture.end();
    CHECK(arrived.load() == 2);
  }
}

TEST_CASE("load tells a stuck loop from a waiting one") {
  LoopFixture fixture;
  std::promise<void> entered;
  std::promise<void> release;
  fixture.post([&] {
    entered.set_value();
    release.get_future().wait();
  });
  entered.get_future().wait();
  while (fixture.loop().load().stuck_ns < 2'000'000) {
  }
  const LoopLoad stuck = fixture.loop().load();
  CHECK(stuck.stage == Stage::kMail);
  CHECK(stuck.tick_max_ns >= 2'000'000);
  CHECK(stuck.busy > 0);
  release.set_value();
  while (fixture.loop().load().stage != Stage::kWaiting) {
  }
  CHECK(fixture.loop().load().stuck_ns == 0);
  CHECK(fixture.loop().load().ticks > 0);
}

TEST_CASE("loop and pool threads block signals") {
  LoopFixture fixture;
  sigset_t blocked;
  fixture.run([&] { pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2})
    CHECK(sigismember(&blocked, number) == 1);
}

TEST_CASE("jobs run off the loop and come home; waiting ones are destroyed at the end") {
  struct Work final : Job {
    Work(std::function<void()> run, std::function<void()> done, std::atomic<int>& alive)
        : run_(std::move(run)), done_(std::move(done)), alive_(alive) {
      alive_.fetch_add(1);
    }
    ~Work() override { alive_.fetch_sub(1); }
    void run() override { run_(); }
    void done() override { done_(); }
    std::function<void()> run_, done_;
    std::atomic<int>& alive_;
  };
  std::atomic<int> alive{0};
  {
    LoopFixture fixture;
    pthread_t loop_thread{};
    fixture.run([&] { loop_thread = pthread_self(); });
    std::atomic<int> off_loop{0};
    int home = 0;
    Milestone done;
    constexpr int kJobs = 100;
    for (int i = 0; i < kJobs; ++i) {
      fixture.env->pool().submit(
          fixture.loop(),
          std::make_unique<Work>(
              [&] { off_loop += pthread_equal(pthread_self(), loop_thread) == 0 ? 1 : 0; },
              [&] {
                home += pthread_equal(pthread_self(), loop_thread) != 0 ? 1 : 0;
                done.step();
              },
              alive));
    }
    done.wait_for(kJobs);
    fixture.end();
    CHECK(off_loop.load() == kJobs);
    CHECK(home == kJobs);
    fixture.env->pool().submit(fixture.loop(), std::make_unique<Work>([] {}, [] {}, alive));
    CHECK(alive.load() == 0);
  }
  CHECK(alive.load() == 0);
}
