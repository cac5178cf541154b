// A call whose end is told instead of waited for: by what it asked for, by its time, by whoever
// calls it off or by the connection's end, whichever is first.
//
//   const auto call = AsyncCall<Message>::make(connection, done);
//   …tell somebody to call->finish_later(…)…
//   call->begin(deadline);
//
// Thread: finish() is the loop's, where `done` is called once; the rest any.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "client/connection.h"
#include "client/patience.h"

namespace midge::detail {

template <class T>
class AsyncCall final : public std::enable_shared_from_this<AsyncCall<T>> {
 public:
  using Done = std::function<void(Result<T>)>;

  static std::shared_ptr<AsyncCall> make(std::shared_ptr<Connection> connection, Done done) {
    return std::shared_ptr<AsyncCall>(new AsyncCall(std::move(connection), std::move(done)));
  }

  // From here on it lives until it is finished.
  void begin(const Deadline& deadline) {
    connection_->post([self = this->shared_from_this(), deadline] { self->wait(deadline); });
  }
  void finish_later(Result<T> result) {
    connection_->post([self = this->shared_from_this(), result = std::move(result)]() mutable {
      self->finish(std::move(result));
    });
  }
  void finish(Result<T> result) {
    if (!done_) return;
    connection_->timers().cancel(time_);
    const auto self = std::move(self_);
    on_stop_.reset();
    std::exchange(done_, nullptr)(std::move(result));
  }
  void post(std::function<void()> action) { connection_->post(std::move(action)); }
  // On the loop.
  [[nodiscard]] bool is_over() const { return !done_; }

 private:
  AsyncCall(std::shared_ptr<Connection> connection, Done done)
      : connection_(std::move(connection)), done_(std::move(done)) {}

  void wait(const Deadline& deadline) {
    if (!done_) return;
    self_ = this->shared_from_this();
    connection_->timers().arm(time_, end_of(connection_->now(), deadline));
    if (deadline.stop.stop_possible())
      on_stop_.emplace(deadline.stop, [weak = this->weak_from_this()] {
        if (const auto self = weak.lock())
          self->finish_later(Error("cancelled", ErrorCode::kCancelled));
      });
  }
  void on_time() { finish(Error("timeout", ErrorCode::kTimeout)); }

  const std::shared_ptr<Connection> connection_;
  Done done_;  // empty: it is over
  std::shared_ptr<AsyncCall> self_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  io::MemberTimer<&AsyncCall::on_time> time_{*this};
};

}  // namespace midge::detail
