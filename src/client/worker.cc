#include "client/worker.h"

#include <algorithm>
#include <utility>

#include "client/awaited.h"
#include "client/connection.h"
#include "client/link.h"
#include "io/posix/posix_env.h"
#include "io/posix/posix_thread.h"
#include "websocket/compression.h"

namespace midge {

std::shared_ptr<Runtime> Runtime::start() { return detail::Worker::start(); }

std::shared_ptr<Runtime> Runtime::polled() {
  return detail::Worker::for_user(
      detail::Worker::over(io::make_driven_posix_env({.argv0 = "midge"})));
}

namespace detail {
namespace {

constexpr std::size_t kReadBytes = 128 * 1024;
constexpr std::int64_t kInflatersMax = 16 << 20;  // bytes of them

class Action final : public io::Mail {
 public:
  explicit Action(std::function<void()> action) : action_(std::move(action)) {}
  void arrive(io::LoopHandler&) override { action_(); }

 private:
  std::function<void()> action_;
};

// A callback that lets go of the last owner cannot wait for its own thread to end.
void end(Worker* worker) {
  if (worker->on_its_thread())
    io::PosixThread::run_detached("midge-end", [worker] { delete worker; });
  else
    delete worker;
}

}  // namespace

thread_local const Worker* Worker::of_thread = nullptr;

// What the thread that drives does while it waits. It may outlive the worker.
class Worker::Driver final : public io::Monitor::Meanwhile {
 public:
  explicit Driver(Worker& worker) : worker_(&worker), env_(worker.env_) {}
  void let_go() { worker_ = nullptr; }

  MonoTime now() override { return env_->clock().now(); }
  void work(MonoTime until) override {
    if (worker_ != nullptr) worker_->drive(until);
  }
  void wake() override {
    if (worker_ != nullptr && !worker_->on_its_thread()) worker_->post([] {});
  }

 private:
  Worker* worker_;
  const std::shared_ptr<io::Env> env_;
};

Worker::Worker(std::shared_ptr<io::Env> env)
    : env_(std::move(env)),
      compression_(std::make_unique<websocket::Compression>(kInflatersMax)),
      buffer_(kReadBytes) {
  loop_ = env_->make_loops(1)[0];
}

std::shared_ptr<Worker> Worker::start() {
  std::shared_ptr<Worker> worker(new Worker(io::make_posix_env({.argv0 = "midge"})), end);
  io::LoopHandler* const handler = worker.get();
  worker->env_->start({&handler, 1});
  return worker;
}

std::shared_ptr<Worker> Worker::over(std::shared_ptr<io::DrivenEnv> env) {
  std::shared_ptr<Worker> worker(new Worker(env), end);
  worker->driven_ = env.get();
  worker->driver_ = std::make_shared<Driver>(*worker);
  env->start_driven(*worker);
  return worker;
}

std::shared_ptr<Runtime> Worker::for_user(std::shared_ptr<Worker> worker) {
  Runtime* const runtime = worker.get();
  return {runtime, [worker = std::move(worker)](Runtime*) { worker->on_last_handle(); }};
}

void Worker::on_last_handle() {
  if (on_its_thread())
    is_left_ = true;
  else
    wind_up();
}

// Clients are gone, and had their connections closed: that takes a tick or two.
void Worker::wind_up() {
  constexpr int kTicks = 10;
  for (int tick = 0; tick < kTicks && driven_->drive(env_->clock().now()) > 0; ++tick) {
  }
}

Worker::~Worker() {
  env_->stop();
  env_->join();
  if (driver_) driver_->let_go();
}

bool Worker::may_wait() const {
  if (on_its_thread()) return false;
  io::Monitor::set_meanwhile(owner_ == &of_thread ? driver_ : nullptr);
  return true;
}

// The last owner may let go within the tick: not before it is over.
std::size_t Worker::drive(MonoTime until) {
  const auto self = shared_from_this();
  const std::size_t count = driven_->drive(until);
  if (std::exchange(is_left_, false)) wind_up();
  return count;
}

Result<std::size_t> Worker::poll(Deadline deadline) {
  if (!driver_) return failure("this runtime has a thread of its own", ErrorCode::kInvalid);
  if (owner_ != &of_thread)
    return failure("a runtime is polled by the thread that made it", ErrorCode::kInvalid);
  if (on_its_thread()) return waits_for_itself();
  const auto self = shared_from_this();
  const std::stop_callback on_stop(deadline.stop, [this] { post([] {}); });
  const MonoTime until = end_of(env_->clock().now(), deadline);
  std::size_t count = 0;
  do {
    if (deadline.stop.stop_requested()) return failure("cancelled", ErrorCode::kCancelled);
    count = drive(until);
  } while (count == 0 && env_->clock().now() < until);
  return count;
}

void Worker::post(std::function<void()> action) {
  loop_->post(std::make_unique<Action>(std::move(action)));
}

void Worker::catch_up() {
  Awaited<bool> done;
  post([&done] { done.come(true); });
  done.wait();
}

void Worker::on_loop_start() {
  if (!driver_) of_thread = this;
}

void Worker::on_tick_begin() { before_ = std::exchange(of_thread, this); }

void Worker::touch(Connection& connection) {
  if (std::ranges::find(touched_, &connection) == touched_.end()) touched_.push_back(&connection);
}

void Worker::touch_within(Connection& connection, Duration delay) {
  touched_next_.push_back(&connection);
  loop_->tick_by(loop_->now() + delay);
}

void Worker::keep(std::shared_ptr<Connection> connection) {
  connections_.push_back(std::move(connection));
}

void Worker::forget(Connection& connection) {
  std::erase(touched_, &connection);
  std::erase(touched_next_, &connection);
  // The last owner may be here: not before its own call is over.
  const auto kept = std::ranges::find(connections_, &connection, &std::shared_ptr<Connection>::get);
  if (kept == connections_.end()) return;
  post([last = std::move(*kept)] {});
  connections_.erase(kept);
}

void Worker::retire(std::unique_ptr<Link> link) { retired_.push_back(std::move(link)); }

void Worker::on_tick_end() {
  for (Connection* const connection : std::exchange(touched_next_, {})) touch(*connection);
  // Writing may end a connection, which forgets itself.
  while (!touched_.empty()) {
    Connection* const connection = touched_.back();
    touched_.pop_back();
    connection->write_out();
  }
  retired_.clear();
  if (driver_) of_thread = before_;
}

void Worker::on_loop_stop() {
  retired_.clear();
  connections_.clear();
}

}  // namespace detail
}  // namespace midge
