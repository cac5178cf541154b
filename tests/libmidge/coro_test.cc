// Goal: coroutines get what callbacks get, with deadlines and stop tokens, on the connection's
// thread. Method: detached coroutines against a real server.
#include <doctest/doctest.h>
#include <midge/coro.h>

#include <future>
#include <stop_token>
#include <string>
#include <thread>

#include "jetstream_test.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

struct CoroTest {
  TestServer server;
  Client client = Client::connect(server.url()).value();
};

coro::Detached ask(Client client, std::string subject, Deadline deadline,
                   std::promise<Result<std::string>>& told) {
  auto answer = co_await coro::request(client, subject, "question", deadline);
  if (answer)
    told.set_value(std::string(answer->data()));
  else
    told.set_value(answer.error());
}

Result<std::string> answer_to(const Client& client, const std::string& subject, Deadline deadline) {
  std::promise<Result<std::string>> told;
  ask(client, subject, std::move(deadline), told);
  return told.get_future().get();
}

TEST_CASE_FIXTURE(CoroTest, "a request: its answer, or why there is none") {
  Client other = Client::connect(server.url()).value();
  auto echo =
      other.subscribe("echo", [&](const Message& m) { (void)other.respond(m, m.data()); }).value();
  other.flush().value();
  auto silent = client.subscribe("silent").value();
  CHECK(answer_to(client, "echo", 10s).value() == "question");
  CHECK(code_of(answer_to(client, "nobody", 10s)) == ErrorCode::kNoResponders);
  CHECK(code_of(answer_to(client, "silent", 20ms)) == ErrorCode::kTimeout);
  CHECK(code_of(answer_to(client, "not a subject", 10s)) == ErrorCode::kInvalid);
  std::stop_source stop;
  std::promise<Result<std::string>> told;
  ask(client, "silent", {1h, stop.get_token()}, told);
  stop.request_stop();
  CHECK(code_of(told.get_future().get()) == ErrorCode::kCancelled);
  CHECK(code_of(answer_to(client, "silent", {1h, stop.get_token()})) == ErrorCode::kCancelled);
  CHECK(code_of(answer_to(Client(), "echo", 1s)) == ErrorCode::kClosed);
}

coro::Detached count(Subscription sub, int count, std::promise<int>& told) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    auto message = co_await coro::next(sub, 10s);
    if (message) sum += std::stoi(std::string(message->data()));
  }
  told.set_value(sum);
}

TEST_CASE_FIXTURE(CoroTest, "messages one after the other: that are there, and that come") {
  Subscription sub = client.subscribe("n").value();
  std::promise<int> told;
  for (int i = 0; i < 20'000; ++i) client.publish("n", "1").value();
  client.flush(20s).value();
  count(sub, 20'100, told);
  for (int i = 0; i < 100; ++i) {
    client.publish("n", "2").value();
    client.flush().value();
  }
  CHECK(told.get_future().get() == 20'200);
}

coro::Detached take_one(Subscription sub, Deadline deadline, std::promise<ErrorCode>& told,
                        std::thread::id* where = nullptr) {
  auto message = co_await coro::next(sub, deadline);
  if (where != nullptr) *where = std::this_thread::get_id();
  told.set_value(code_of(message));
}

TEST_CASE_FIXTURE(CoroTest, "a message that does not come") {
  Subscription sub = client.subscribe("n").value();
  std::promise<ErrorCode> late, stopped, ended, called, closed;
  take_one(sub, 20ms, late);
  CHECK(late.get_future().get() == ErrorCode::kTimeout);
  std::stop_source stop;
  take_one(sub, {1h, stop.get_token()}, stopped);
  stop.request_stop();
  CHECK(stopped.get_future().get() == ErrorCode::kCancelled);
  take_one(sub, 1h, ended);
  sub.unsubscribe().value();
  CHECK(ended.get_future().get() == ErrorCode::kClosed);
  Subscription callback = client.subscribe("n", [](const Message&) {}).value();
  take_one(callback, 1h, called);
  CHECK(called.get_future().get() == ErrorCode::kInvalid);
  Subscription last = client.subscribe("n").value();
  take_one(last, 1h, closed);
  client.close();
  CHECK(closed.get_future().get() == ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(CoroTest, "who has waited goes on on the connection's thread, and only there") {
  Subscription sub = client.subscribe("n").value();
  std::promise<std::thread::id> loop;
  auto tell = client.subscribe("where",
                               [&](const Message&) { loop.set_value(std::this_thread::get_id()); });
  client.publish("where", "").value();
  const std::thread::id its_thread = loop.get_future().get();
  std::promise<ErrorCode> waited, went_on;
  std::thread::id where;
  take_one(sub, 10s, waited, &where);
  client.publish("n", "1").value();
  CHECK(waited.get_future().get() == kNone);
  CHECK(where == its_thread);
  client.publish("n", "2").value();
  client.flush().value();
  take_one(sub, 10s, went_on, &where);
  CHECK(went_on.get_future().get() == kNone);
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE_FIXTURE(CoroTest, "two who wait for one subscription get a message each") {
  Subscription sub = client.subscribe("n").value();
  std::promise<ErrorCode> one, two;
  take_one(sub, 10s, one);
  take_one(sub, 10s, two);
  client.publish("n", "1").value();
  client.publish("n", "2").value();
  CHECK(one.get_future().get() == kNone);
  CHECK(two.get_future().get() == kNone);
  CHECK(sub.figures().delivered == 2);
}

coro::Detached flush(Client client, Deadline deadline, std::promise<ErrorCode>& told) {
  auto flushed = co_await coro::flush(client, deadline);
  told.set_value(code_of(flushed));
}

TEST_CASE_FIXTURE(CoroTest, "a flush") {
  std::promise<ErrorCode> well, late, stopped, closed;
  flush(client, 10s, well);
  CHECK(well.get_future().get() == kNone);
  server.freeze();
  flush(client, 20ms, late);
  CHECK(late.get_future().get() == ErrorCode::kTimeout);
  std::stop_source stop;
  flush(client, {1h, stop.get_token()}, stopped);
  stop.request_stop();
  CHECK(stopped.get_future().get() == ErrorCode::kCancelled);
  flush(client, 1h, closed);
  client.close();
  CHECK(closed.get_future().get() == ErrorCode::kClosed);
}

coro::Detached store_all(JetStream js, int count, std::promise<Result<PubAck>>& told) {
  PublishOptions options;
  Result<PubAck> ack = Error("none");
  for (int i = 0; i < count; ++i) {
    options.message_id = std::to_string(i);
    ack = co_await coro::publish(js, "s.a", "text", options);
  }
  told.set_value(std::move(ack));
}

TEST_CASE_FIXTURE(JetStreamTest, "coroutines: acknowledgements of a stream") {
  stream();
  std::promise<Result<PubAck>> told;
  store_all(js, 10, told);
  const Result<PubAck> ack = told.get_future().get();
  REQUIRE_OK(ack);
  CHECK(ack->sequence == 10);
  std::promise<Result<PubAck>> again;
  store_all(js, 1, again);
  CHECK(again.get_future().get().value().duplicate);
}

}  // namespace
}  // namespace midge::test
