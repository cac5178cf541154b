// Goal: publish, subscribe, request, as a user sees them. Method: one client or a few, and a real
// server.
#include <doctest/doctest.h>
#include <midge/client.h>

#include <atomic>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

std::string text(const Result<Message>& message) {
  return message ? std::string(message->data()) : "error: " + message.error().text();
}

struct Fixture {
  TestServer server;
  Client client = Client::connect(server.url()).value();
};

TEST_CASE_FIXTURE(Fixture, "a message comes to whoever asks for the next one") {
  Subscription sub = client.subscribe("greet.*").value();
  client.publish("greet.joe", "hello", "back").value();
  const Result<Message> message = sub.next();
  REQUIRE(message);
  CHECK(message->subject() == "greet.joe");
  CHECK(message->data() == "hello");
  CHECK(message->reply() == "back");
  CHECK(!message->has_headers());
  CHECK(code_of(sub.poll()) == ErrorCode::kTimeout);
  CHECK(sub.figures().delivered == 1);
}

TEST_CASE_FIXTURE(Fixture, "a callback's message may be kept by copying it") {
  std::promise<Message> kept;
  client.subscribe("keep", [&](const Message& message) { kept.set_value(message); }).value();
  client.publish("keep", "these bytes").value();
  client.publish("other", std::string(100'000, 'x')).value();
  const Message message = kept.get_future().get();
  client.flush().value();
  CHECK(message.data() == "these bytes");
  const Message second = message;
  CHECK(second.data().data() == message.data().data());
}

TEST_CASE_FIXTURE(Fixture, "headers") {
  Subscription sub = client.subscribe("h").value();
  Headers headers;
  headers.add("One", "1").add("Two", "2").add("One", "again").set("Two", "zwei");
  client.publish("h", headers, "body").value();
  const Message message = sub.next().value();
  CHECK(message.header("One") == "1");
  CHECK(message.header_values("One") == std::vector<std::string_view>{"1", "again"});
  CHECK(message.header("Two") == "zwei");
  CHECK(!message.header("one"));
  CHECK(message.header_fields().size() == 3);
  CHECK(message.status() == 0);
  CHECK(message.data() == "body");
  Headers bad;
  bad.add("A", "b\r\nC: d");
  CHECK(code_of(client.publish("h", bad, "")) == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(Fixture, "an empty message, and one of the largest size") {
  Subscription sub = client.subscribe("size").value();
  const std::size_t max = client.max_payload();
  CHECK(max == 1 << 20);
  client.publish("size", "").value();
  client.publish("size", std::string(max, 'm')).value();
  CHECK(sub.next().value().data().empty());
  CHECK(sub.next().value().data() == std::string(max, 'm'));
  const auto refused = client.publish("size", std::string(max + 1, 'm'));
  CHECK(code_of(refused) == ErrorCode::kTooLarge);
}

TEST_CASE_FIXTURE(Fixture, "what cannot be a subject is refused here") {
  for (const char* subject : {"", "a b", "a\tb", "a\r\nPUB b 0\r\n", "a\x7f"}) {
    CHECK(code_of(client.publish(subject, "")) == ErrorCode::kInvalid);
    CHECK(code_of(client.subscribe(subject)) == ErrorCode::kInvalid);
    CHECK(code_of(client.request(subject, "")) == ErrorCode::kInvalid);
  }
  CHECK(code_of(client.publish("a", "", "b c")) == ErrorCode::kInvalid);
  CHECK(code_of(client.subscribe("a", {.queue = "b c"})) == ErrorCode::kInvalid);
  client.flush().value();
}

TEST_CASE_FIXTURE(Fixture, "a queue group shares") {
  Subscription one = client.subscribe("work", {.queue = "group"}).value();
  Subscription two = client.subscribe("work", {.queue = "group"}).value();
  for (int i = 0; i < 100; ++i) client.publish("work", std::to_string(i)).value();
  client.flush().value();
  std::set<std::string> seen;
  for (Subscription* sub : {&one, &two})
    while (auto message = sub->poll()) seen.insert(std::string(message->data()));
  CHECK(seen.size() == 100);
  CHECK(one.figures().delivered + two.figures().delivered == 100);
}

TEST_CASE_FIXTURE(Fixture, "a subscription ends after so many, or when it is told to") {
  Subscription two = client.subscribe("end", {.max = 2}).value();
  Subscription three = client.subscribe("end").value();
  three.unsubscribe_after(3).value();
  Subscription none = client.subscribe("end").value();
  none.unsubscribe().value();
  for (int i = 0; i < 5; ++i) client.publish("end", std::to_string(i)).value();
  client.flush().value();
  for (const auto& [sub, count] : {std::pair(&two, 2), std::pair(&three, 3), std::pair(&none, 0)}) {
    for (int i = 0; i < count; ++i) CHECK(text(sub->next()) == std::to_string(i));
    CHECK(code_of(sub->next()) == ErrorCode::kClosed);
    CHECK(!sub->active());
  }
  CHECK(code_of(none.unsubscribe()) == ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(Fixture, "one without a callback ends with its last handle") {
  client.subscribe("with", [&](const Message& m) { client.respond(m, "").value(); }).value();
  {
    const Subscription sub = client.subscribe("without").value();
    const Subscription copy = sub;
    CHECK(code_of(client.request("without", "", 10ms)) == ErrorCode::kTimeout);
  }
  CHECK(client.request("with", ""));
  CHECK(code_of(client.request("without", "")) == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(Fixture, "a drained subscription has all that was sent before") {
  std::atomic<int> count = 0;
  Subscription sub = client.subscribe("drain", [&](const Message&) { ++count; }).value();
  for (int i = 0; i < 1000; ++i) client.publish("drain", "").value();
  sub.drain().value();
  CHECK(count == 1000);
  client.publish("drain", "").value();
  client.flush().value();
  CHECK(count == 1000);
  CHECK(client.status() == Status::kConnected);
}

TEST_CASE_FIXTURE(Fixture, "a drained client has sent what its callbacks answered") {
  Client other = Client::connect(server.url()).value();
  Subscription answers = other.subscribe("answer").value();
  other.flush().value();
  client.subscribe("ask", [&](const Message&) { client.publish("answer", "").value(); }).value();
  client.flush().value();
  for (int i = 0; i < 100; ++i) other.publish("ask", "").value();
  other.flush().value();
  client.drain().value();
  CHECK(client.status() == Status::kClosed);
  CHECK(code_of(client.publish("a", "")) == ErrorCode::kClosed);
  for (int i = 0; i < 100; ++i) CHECK(answers.next());
}

TEST_CASE_FIXTURE(Fixture, "requests are answered, by callback or by waiting") {
  client
      .subscribe("twice",
                 [&](const Message& m) {
                   client.respond(m, std::string(m.data()) + std::string(m.data())).value();
                 })
      .value();
  CHECK(text(client.request("twice", "ab")) == "abab");
  std::promise<std::string> answer;
  client.request_async("twice", "cd", [&](Result<Message> m) { answer.set_value(text(m)); })
      .value();
  CHECK(answer.get_future().get() == "cdcd");
}

TEST_CASE_FIXTURE(Fixture,
                  "a request that nobody serves fails at once; an unanswered one in time") {
  const auto nobody = client.request("nobody", "", 60s);
  CHECK(code_of(nobody) == ErrorCode::kNoResponders);
  Subscription silent = client.subscribe("silent").value();
  CHECK(code_of(client.request("silent", "", 20ms)) == ErrorCode::kTimeout);
  std::promise<ErrorCode> code;
  client
      .request_async(
          "silent", "", [&](Result<Message> m) { code.set_value(code_of(m)); }, 20ms)
      .value();
  CHECK(code.get_future().get() == ErrorCode::kTimeout);
}

TEST_CASE_FIXTURE(Fixture, "an answer that comes too late is not taken for another's") {
  Subscription slow = client.subscribe("slow").value();
  CHECK(code_of(client.request("slow", "1", 1ms)) == ErrorCode::kTimeout);
  std::future<std::string> second =
      std::async(std::launch::async, [&] { return text(client.request("slow", "2", 60s)); });
  const Message late = slow.next().value(), timely = slow.next().value();
  client.respond(late, "late").value();
  client.respond(timely, "in time").value();
  CHECK(second.get() == "in time");
}

TEST_CASE_FIXTURE(Fixture, "many answers to one request") {
  for (int i = 0; i < 3; ++i)
    client.subscribe("many", [&](const Message& m) { client.respond(m, "x").value(); }).value();
  CHECK(client.request_many("many", "", {.count = 3}, 60s).value().size() == 3);
  CHECK(client.request_many("many", "", {.count = 2}, 60s).value().size() == 2);
  CHECK(client.request_many("many", "", {.stall = 1s}, 60s).value().size() == 3);
  CHECK(client.request_many("many", "", {}, 2s).value().size() == 3);
  const auto sentinel = [n = 0](const Message&) mutable { return ++n == 2; };
  CHECK(client.request_many("many", "", {.is_last = sentinel}, 60s).value().size() == 1);
  CHECK(code_of(client.request_many("none", "", {}, 60s)) == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(Fixture, "a call that waits can be called off") {
  Subscription sub = client.subscribe("never").value();
  std::stop_source stop;
  std::future<ErrorCode> waiting = std::async(std::launch::async, [&] {
    return code_of(sub.next({1h, stop.get_token()}));
  });
  stop.request_stop();
  CHECK(waiting.get() == ErrorCode::kCancelled);
  CHECK(code_of(client.request("never", "", {1h, stop.get_token()})) == ErrorCode::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "of two that wait one may give up, and the other goes on waiting") {
  Subscription sub = client.subscribe("s").value();
  std::stop_source stop;
  auto waits = std::async(std::launch::async, [&] { return sub.next(1h); });
  auto gives_up = std::async(std::launch::async, [&] { return sub.next({1h, stop.get_token()}); });
  stop.request_stop();
  CHECK(gives_up.get().error().code() == ErrorCode::kCancelled);
  client.publish("s", "for you").value();
  CHECK(waits.get()->data() == "for you");
}

TEST_CASE_FIXTURE(Fixture, "a callback that would wait for itself is refused") {
  std::promise<std::vector<ErrorCode>> codes;
  Subscription other = client.subscribe("other").value();
  client
      .subscribe("wait",
                 [&](const Message&) {
                   codes.set_value({code_of(client.request("x", "")), code_of(client.flush()),
                                    code_of(other.next()), code_of(client.drain())});
                 })
      .value();
  client.publish("wait", "").value();
  CHECK(codes.get_future().get() == std::vector<ErrorCode>(4, ErrorCode::kInvalid));
}

TEST_CASE_FIXTURE(Fixture, "messages that there is no room for") {
  struct Case {
    Overflow overflow;
    std::string first;  // of those kept
    bool active;
  };
  for (const auto& [overflow, first, active] :
       {Case{Overflow::kDropNewest, "0", true}, Case{Overflow::kDropOldest, "7", true},
        Case{Overflow::kUnsubscribe, "0", false}}) {
    Subscription sub =
        client.subscribe("full", {.pending_messages_max = 3, .overflow = overflow}).value();
    for (int i = 0; i < 10; ++i) client.publish("full", std::to_string(i)).value();
    client.flush().value();
    CHECK(sub.figures().pending_messages == 3);
    CHECK(sub.figures().dropped >= 1);
    CHECK(sub.active() == active);
    CHECK(text(sub.next()) == first);
    if (active) sub.unsubscribe().value();
  }
}

TEST_CASE_FIXTURE(Fixture, "bytes that wait are limited, too, and an event tells of it") {
  Options options{.servers = {server.url()}};
  std::promise<std::string> slow;
  options.on_event = [&](const Event& event) {
    if (event.kind == EventKind::kSlowConsumer) slow.set_value(event.text);
  };
  Client other = Client::connect(std::move(options)).value();
  Subscription sub = other.subscribe("bytes", {.pending_bytes_max = 1000}).value();
  other.flush().value();
  for (int i = 0; i < 3; ++i) client.publish("bytes", std::string(600, 'x')).value();
  CHECK(slow.get_future().get() == "bytes");
  CHECK(sub.figures().pending_messages == 1);
}

TEST_CASE_FIXTURE(Fixture, "without echo one's own messages do not come back") {
  Client silent = Client::connect({.servers = {server.url()}, .echo = false}).value();
  Subscription own = silent.subscribe("echo").value();
  Subscription others = client.subscribe("echo").value();
  client.flush().value();
  silent.publish("echo", "").value();
  silent.flush().value();
  CHECK(others.next());
  CHECK(!own.poll());
}

TEST_CASE_FIXTURE(Fixture, "what is known of the connection") {
  CHECK(client.status() == Status::kConnected);
  CHECK(client.connected_url() == server.url());
  CHECK(!client.connected_server().empty());
  CHECK(client.servers() == std::vector<std::string>{server.url()});
  CHECK(client.rtt().value() > 0ns);
  Subscription sub = client.subscribe("f").value();
  client.publish("f", "12345").value();
  client.flush().value();
  const ClientFigures figures = client.figures();
  CHECK(figures.out_messages == 1);
  CHECK(figures.out_bytes == 5);
  CHECK(figures.in_messages == 1);
  CHECK(figures.in_bytes == 5);
  client.close();
  client.close();
  CHECK(client.status() == Status::kClosed);
  CHECK(client.connected_url().empty());
  CHECK(code_of(client.subscribe("f")) == ErrorCode::kClosed);
  CHECK(text(sub.next()) == "12345");
  CHECK(code_of(sub.next()) == ErrorCode::kClosed);
}

TEST_CASE("a client that is none says so") {
  Client client;
  CHECK(code_of(client.publish("a", "")) == ErrorCode::kClosed);
  CHECK(code_of(client.subscribe("a")) == ErrorCode::kClosed);
  CHECK(code_of(client.flush()) == ErrorCode::kClosed);
  Subscription sub;
  CHECK(code_of(sub.next()) == ErrorCode::kClosed);
}

TEST_CASE("the last handle may go within a callback") {
  TestServer server;
  std::promise<void> gone;
  auto client = std::make_shared<Client>(Client::connect(server.url()).value());
  auto held = std::make_shared<std::shared_ptr<Client>>(client);
  client
      ->subscribe("go",
                  [held, &gone](const Message&) {
                    held->reset();
                    gone.set_value();
                  })
      .value();
  client->publish("go", "").value();
  client.reset();
  gone.get_future().wait();
}

}  // namespace
}  // namespace midge::test
