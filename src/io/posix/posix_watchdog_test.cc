// Goal: a tick that takes too long is reported while it runs, once, with its stage.
// Method: a mail that does not return before the report came.
#include <doctest/doctest.h>

#include <future>

#include "io/posix/posix_env.h"

namespace midge::io {
namespace {

class IdleHandler final : public LoopHandler {
  void on_tick_end() override {}
};

class BlockingMail final : public Mail {
 public:
  explicit BlockingMail(std::shared_future<void> reported) : reported_(std::move(reported)) {}
  void arrive(LoopHandler&) override { reported_.wait(); }

 private:
  std::shared_future<void> reported_;
};

TEST_CASE("a stuck loop is reported with its stage") {
  auto env = make_posix_env();
  Loop& loop = *env->make_loops(1)[0];
  std::promise<void> reported;
  int reports = 0;
  Stage stage = Stage::kWaiting;
  env->report_stuck_loops([&](LoopId, const LoopLoad& load) {
    ++reports;
    stage = load.stage;
    env->stop();
    reported.set_value();
  });
  IdleHandler handler;
  LoopHandler* handlers[] = {&handler};
  loop.post(std::make_unique<BlockingMail>(reported.get_future().share()));
  env->start(handlers);
  env->join();
  CHECK(reports == 1);
  CHECK(stage == Stage::kMail);
}

}  // namespace
}  // namespace midge::io
