#include "client/worker.h"

#include <algorithm>
#include <utility>

#include "client/connection.h"
#include "client/link.h"
#include "io/posix/posix_env.h"
#include "io/posix/posix_thread.h"

namespace midge {

std::shared_ptr<Runtime> Runtime::start() { return detail::Worker::start(); }

namespace detail {
namespace {

constexpr std::size_t kReadBytes = 128 * 1024;

thread_local const Worker* worker_of_thread = nullptr;

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

Worker::Worker() : env_(io::make_posix_env({.argv0 = "midge"})), buffer_(kReadBytes) {
  loop_ = env_->make_loops(1)[0];
}

std::shared_ptr<Worker> Worker::start() {
  std::shared_ptr<Worker> worker(new Worker, end);
  io::LoopHandler* const handler = worker.get();
  worker->env_->start({&handler, 1});
  return worker;
}

Worker::~Worker() {
  env_->stop();
  env_->join();
}

void Worker::post(std::function<void()> action) {
  loop_->post(std::make_unique<Action>(std::move(action)));
}

bool Worker::on_its_thread() const { return worker_of_thread == this; }

void Worker::on_loop_start() { worker_of_thread = this; }

void Worker::touch(Connection& connection) {
  if (std::ranges::find(touched_, &connection) == touched_.end()) touched_.push_back(&connection);
}

void Worker::keep(std::shared_ptr<Connection> connection) {
  connections_.push_back(std::move(connection));
}

void Worker::forget(Connection& connection) {
  std::erase(touched_, &connection);
  // The last owner may be here: not before its own call is over.
  const auto kept = std::ranges::find(connections_, &connection, &std::shared_ptr<Connection>::get);
  if (kept == connections_.end()) return;
  post([last = std::move(*kept)] {});
  connections_.erase(kept);
}

void Worker::retire(std::unique_ptr<Link> link) { retired_.push_back(std::move(link)); }

void Worker::on_tick_end() {
  // Writing may end a connection, which forgets itself.
  while (!touched_.empty()) {
    Connection* const connection = touched_.back();
    touched_.pop_back();
    connection->write_out();
  }
  retired_.clear();
}

void Worker::on_loop_stop() {
  retired_.clear();
  connections_.clear();
}

}  // namespace detail
}  // namespace midge
