// Awaitables, for programs with coroutines:
//
//   midge::coro::Detached greet(midge::Client client, midge::Subscription sub) {
//     while (auto message = co_await midge::coro::next(sub, 10s)) {
//       auto answer = co_await midge::coro::request(client, "name", message->data());
//       if (answer) …
//     }
//   }
//
// Nothing else of the library needs this header. Each awaitable is awaited once, begins then, and
// yields a Result as the call of the same name does, with its deadline and its stop token.
//
// Thread: a coroutine that had to wait goes on on the connection's background thread, where calls
// that wait are refused; one that had not goes on where it was. It must outlive what it awaits: a
// connection that is closed ends all of it with kClosed.
//
// GCC before 13 destroys some temporaries of a co_await expression twice: lambdas that capture, and
// aggregates such as PublishOptions{…}. Give those a name before. Strings, durations and what is
// below are safe.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "midge/client.h"
#include "midge/jetstream.h"

#pragma GCC visibility push(default)

namespace midge::coro {

// What a call will come to; the functions below make these.
template <class T>
class [[nodiscard]] Awaitable {
 public:
  // Goes on with what awaits.
  using Done = std::function<void(Result<T>)>;
  // Calls Done once, never before it returns on the same thread; an error: it does not.
  using Begin = std::function<Result<void>(Done)>;

  // It begins when it is awaited.
  explicit Awaitable(Begin begin) : begin_(std::move(begin)) {}
  // It is there.
  explicit Awaitable(Result<T> result) : result_(std::move(result)) {}

  // For co_await.
  [[nodiscard]] bool await_ready() const noexcept { return result_.has_value(); }
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> waiting) {
    // Once it has begun, the coroutine may go on, and this be gone, at any moment.
    const Begin begin = std::move(begin_);
    Result<void> begun = begin([this, waiting](Result<T> result) {
      result_.emplace(std::move(result));
      waiting.resume();
    });
    if (begun) return true;
    result_.emplace(std::move(begun).error());
    return false;
  }
  Result<T> await_resume() { return *std::move(result_); }

 private:
  Begin begin_;
  std::optional<Result<T>> result_;
};

// As Client::request().
inline Awaitable<Message> request(Client client, std::string_view subject, std::string_view data,
                                  Deadline deadline = kDefaultTimeout) {
  return Awaitable<Message>([client = std::move(client), subject = std::string(subject),
                             data = std::string(data), deadline = std::move(deadline)](auto done) {
    return client.request_async(subject, data, std::move(done), deadline);
  });
}

// The same, with headers.
inline Awaitable<Message> request(Client client, std::string_view subject, Headers headers,
                                  std::string_view data, Deadline deadline = kDefaultTimeout) {
  return Awaitable<Message>([client = std::move(client), subject = std::string(subject),
                             headers = std::move(headers), data = std::string(data),
                             deadline = std::move(deadline)](auto done) {
    return client.request_async(subject, headers, data, std::move(done), deadline);
  });
}

// A message that is there is taken without waiting.
inline Awaitable<Message> next(Subscription subscription, Deadline deadline = kDefaultTimeout) {
  Result<Message> there = subscription.poll();
  if (there || there.error().code() != ErrorCode::kTimeout)
    return Awaitable<Message>(std::move(there));
  return Awaitable<Message>(
      [subscription = std::move(subscription), deadline = std::move(deadline)](auto done) mutable {
        return subscription.next_async(std::move(done), deadline);
      });
}

// As Client::flush().
inline Awaitable<void> flush(Client client, Deadline deadline = kDefaultTimeout) {
  return Awaitable<void>([client = std::move(client), deadline = std::move(deadline)](auto done) {
    return client.flush_async(std::move(done), deadline);
  });
}

// One of the window of asynchronous publishes: on the background thread a window that is full is an
// error, kNoSpace. `deadline` is for a place in it; the acknowledgement has the options' time.
inline Awaitable<PubAck> publish(JetStream jetstream, std::string_view subject,
                                 std::string_view data, PublishOptions options = {},
                                 Deadline deadline = kDefaultTimeout) {
  return Awaitable<PubAck>([jetstream = std::move(jetstream), subject = std::string(subject),
                            data = std::string(data), options = std::move(options),
                            deadline = std::move(deadline)](auto done) {
    return jetstream.publish_async(subject, data, std::move(done), options, deadline);
  });
}

// What a coroutine returns that runs from its call on, and that nobody waits for. An exception ends
// the program.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace midge::coro

#pragma GCC visibility pop
