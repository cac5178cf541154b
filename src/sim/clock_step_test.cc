// Goal: a wall clock that is set forwards or backwards by an hour makes nobody wait longer for an
// acknowledgement that does not come, makes no message leave before its age, and lets no id through
// twice within its window.
// Method: a server with JetStream in the simulation; a client asks, the clock is set, time passes.
#include <doctest/doctest.h>

#include "codec/json_writer.h"
#include "sim/sim_life.h"
#include "sim/workload/api_text.h"
#include "sim/workload/sim_client.h"

using namespace midge;
using namespace midge::sim;

namespace {

constexpr Duration kHour = minutes(60);

// A client of one life of a server.
class Session {
 public:
  explicit Session(SimOptions options = {})
      : life_(1, without_stalls(options), jetstream_options(1)),
        client_(life_.env(), life_.connect()) {
    client_.send("CONNECT {\"verbose\":false,\"headers\":true,\"protocol\":1}\r\n");
    client_.subscribe("_INBOX.*", "", 1);
  }

  // The next message that comes within two seconds; its payload is "" if there is none.
  Received next() {
    const auto came = [this] {
      for (Received& message : client_.take_received()) received_.push_back(std::move(message));
      return !received_.empty();
    };
    if (!life_.env().run_until(came, seconds(2))) return {};
    Received first = std::move(received_.front());
    received_.erase(received_.begin());
    return first;
  }
  std::string ask(const std::string& subject, const std::string& body) {
    client_.publish(subject, "_INBOX.answer", body);
    return next().payload;
  }
  std::string publish_with(const std::string& headers, const std::string& body) {
    client_.publish_with(headers, "s.a", "_INBOX.answer", body);
    return next().payload;
  }
  void make_stream(const std::string& more = "") {
    const std::string answer =
        ask("$JS.API.STREAM.CREATE.S", "{\"name\":\"S\",\"subjects\":[\"s.*\"]" + more + "}");
    REQUIRE(answer.find("\"error\"") == std::string::npos);
  }
  void make_consumer() {
    const std::string answer = ask("$JS.API.CONSUMER.DURABLE.CREATE.S.c",
                                   "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"c\","
                                   "\"ack_policy\":\"explicit\",\"ack_wait\":30000000000}}");
    REQUIRE(answer.find("\"error\"") == std::string::npos);
  }
  void pull(int batch) {
    client_.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", "_INBOX.pull",
                    "{\"batch\":" + std::to_string(batch) + ",\"expires\":600000000000}");
  }
  std::uint64_t messages() { return field(ask("$JS.API.STREAM.INFO.S", ""), "messages"); }
  void pause(Duration length) {
    ask("$JS.API.CONSUMER.PAUSE.S.c",
        "{\"pause_until\":\"" + codec::rfc3339_nano(life_.env().clock().wall() + length) + "\"}");
  }
  void pass(Duration time) { life_.env().run_for(time); }
  void step_clock(Duration by) { life_.env().step_clock(by); }
  MonoTime now() { return life_.env().now(); }
  SimClient& client() { return client_; }

 private:
  static SimOptions without_stalls(SimOptions options) {
    options.stalls = false;
    return options;
  }
  SimLife life_;
  SimClient client_;
  std::vector<Received> received_;
};

}  // namespace

TEST_CASE("an acknowledgement is awaited as long as before, whatever the clock says [JS-C-16]") {
  for (const Duration step : {kHour, kHour * -1}) {
    Session session;
    session.make_stream();
    session.make_consumer();
    session.ask("s.a", "first");
    session.pull(2);
    CHECK(session.next().payload == "first");
    session.step_clock(step);
    session.pass(seconds(26));
    CHECK(session.next().payload.empty());
    session.pass(seconds(2));
    CHECK(session.next().payload == "first");
  }
}

TEST_CASE("a delay of a refused message is as long as it was asked for [JS-C-54]") {
  Session session;
  session.make_stream();
  session.make_consumer();
  session.ask("s.a", "first");
  session.pull(2);
  session.client().publish(session.next().reply, "", "-NAK {\"delay\":10000000000}");
  session.pass(seconds(1));
  session.step_clock(kHour * -1);
  session.pass(seconds(6));
  CHECK(session.next().payload.empty());
  session.pass(seconds(1));
  CHECK(session.next().payload == "first");
}

TEST_CASE("what was delivered by a clock that was ahead is not awaited longer after a restart") {
  SimDisk disk(1);
  MonoTime end;
  {
    Session session({.disk = &disk, .clock_ahead = kHour});
    session.make_stream();
    session.make_consumer();
    session.ask("s.a", "first");
    session.pull(1);
    CHECK(session.next().payload == "first");
    session.pass(seconds(1));
    end = session.now();
  }
  disk.restart();
  Session session({.disk = &disk, .start = end + seconds(1)});
  session.pull(1);
  session.pass(seconds(31));
  CHECK(session.next().payload == "first");
}

TEST_CASE(
    "a message leaves at its date: not earlier for a clock set back, soon for one set on "
    "[JS-S-33]") {
  Session session;
  session.make_stream(",\"max_age\":60000000000");
  session.ask("s.a", "first");
  session.step_clock(kHour * -1);
  session.pass(seconds(70));
  CHECK(session.messages() == 1);
  session.step_clock(kHour);
  session.pass(seconds(2));
  CHECK(session.messages() == 0);
}

TEST_CASE("an id is known for its window, neither longer nor shorter [JS-S-39]") {
  for (const Duration step : {kHour, kHour * -1}) {
    Session session;
    session.make_stream(",\"duplicate_window\":60000000000");
    session.publish_with("Nats-Msg-Id: 1\r\n", "first");
    session.step_clock(step);
    session.pass(seconds(50));
    CHECK(session.publish_with("Nats-Msg-Id: 1\r\n", "again").find("duplicate") !=
          std::string::npos);
    session.pass(seconds(15));
    CHECK(field(session.publish_with("Nats-Msg-Id: 1\r\n", "later"), "seq") == 2);
  }
}

TEST_CASE("a pause ends at its date by the clock as it is [JS-C-08]") {
  Session session;
  session.make_stream();
  session.make_consumer();
  session.ask("s.a", "first");
  session.pause(seconds(10));
  session.pull(1);
  session.step_clock(seconds(-20));
  session.pass(seconds(20));
  CHECK(session.next().payload.empty());
  SUBCASE("which comes later") {
    session.pass(seconds(7));
    CHECK(session.next().payload == "first");
  }
  SUBCASE("which is past at once") {
    session.step_clock(kHour);
    CHECK(session.next().payload == "first");
  }
}

TEST_CASE("a pause that was over begins again where the clock is set back, and ends again") {
  Session session;
  session.make_stream();
  session.make_consumer();
  session.pause(seconds(10));
  session.pass(seconds(11));
  session.step_clock(seconds(-20));
  session.ask("s.a", "first");
  session.pull(1);
  CHECK(session.next().payload.empty());
  session.pass(seconds(18));
  CHECK(session.next().payload == "first");
}
