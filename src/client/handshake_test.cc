// Goal: how a client gets in, as tables of what the server says and what the client does.
#include "client/handshake.h"

#include <doctest/doctest.h>

#include "proto/server_parser.h"

using namespace midge;
using namespace midge::detail;
using enum Handshake::Action;

namespace {

// What the client does at each frame of `input`, and the last thing it said or told.
struct Course {
  std::vector<Handshake::Action> actions;
  std::string last;
};

void take(Course& course, const Handshake::Step& step) {
  course.actions.push_back(step.action);
  if (step.action == kSend) course.last = step.bytes;
  if (step.action == kFail) course.last = step.error->text();
}

Course course_of(Handshake& handshake, std::string_view input) {
  Course course;
  take(course, handshake.on_open());
  proto::ServerParser parser;
  proto::ServerFrame frame;
  while (parser.next(input, frame) == proto::ServerParser::Status::kFrame) {
    take(course, handshake.on_frame(frame));
    if (course.actions.back() == kSecure) take(course, handshake.on_secured());
  }
  return course;
}

using Actions = std::vector<Handshake::Action>;

}  // namespace

TEST_CASE("INFO, CONNECT and PING, PONG") {
  Handshake handshake({.login = {.user = "joe", .password = "p"}, .connect = {.name = "n"}});
  const Course course =
      course_of(handshake, "INFO {\"max_payload\":100,\"server_name\":\"s\"}\r\n+OK\r\nPONG\r\n");
  CHECK(course.actions == Actions{kWait, kSend, kWait, kDone});
  CHECK(course.last.starts_with("CONNECT {"));
  CHECK(course.last.ends_with("}\r\nPING\r\n"));
  CHECK(course.last.find("\"user\":\"joe\"") != std::string::npos);
  CHECK(course.last.find("\"name\":\"n\"") != std::string::npos);
  CHECK(handshake.facts().max_payload == 100);
  CHECK(!handshake.refused());
}

TEST_CASE("what may come between, and what may not") {
  struct Case {
    const char* input;
    Actions actions;
    const char* last;
    bool refused = false;
  };
  const Case cases[] = {
      {"INFO {}\r\nPING\r\nPONG\r\n", {kWait, kSend, kSend, kDone}, "PONG\r\n"},
      {"INFO {}\r\nINFO {\"client_id\":7}\r\nPONG\r\n", {kWait, kSend, kWait, kDone}, nullptr},
      {"PING\r\n", {kWait, kFail}, "the server does not begin with INFO"},
      {"PONG\r\n", {kWait, kFail}, "the server does not begin with INFO"},
      {"INFO []\r\n", {kWait, kFail}, nullptr},
      {"INFO {\"tls_required\":1}\r\n", {kWait, kFail}, nullptr},
      {"INFO {}\r\nINFO no\r\n", {kWait, kSend, kFail}, nullptr},
      {"INFO {}\r\nMSG a 1 0\r\n\r\n",
       {kWait, kSend, kFail},
       "the server sends messages before it has answered"},
      {"-ERR 'maximum connections exceeded'\r\n", {kWait, kFail}, "maximum connections exceeded"},
      {"INFO {}\r\n-ERR 'Authorization Violation'\r\n",
       {kWait, kSend, kFail},
       "Authorization Violation",
       true},
      {"INFO {}\r\n-ERR 'User Authentication Expired'\r\n",
       {kWait, kSend, kFail},
       "User Authentication Expired",
       true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.input);
    Handshake handshake({});
    const Course course = course_of(handshake, each.input);
    CHECK(course.actions == each.actions);
    if (each.last != nullptr) CHECK(course.last == each.last);
    CHECK(handshake.refused() == each.refused);
  }
}

TEST_CASE("TLS, as the two sides want it") {
  struct Case {
    bool can, wants, first;
    const char* info;
    Actions actions;
  };
  const char* const kRequired = "INFO {\"tls_required\":true}\r\n";
  const char* const kAvailable = "INFO {\"tls_available\":true}\r\n";
  const Case cases[] = {
      {false, false, false, "INFO {}\r\n", {kWait, kSend}},
      {true, true, false, "INFO {}\r\n", {kWait, kFail}},
      {false, false, false, kRequired, {kWait, kReconnectSecure}},
      {true, false, false, kRequired, {kWait, kSecure, kSend}},
      {true, true, false, kAvailable, {kWait, kSecure, kSend}},
      {false, false, false, kAvailable, {kWait, kSend}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.info);
    Handshake handshake(
        {.can_secure = each.can, .wants_secure = each.wants, .secure_first = each.first});
    CHECK(course_of(handshake, each.info).actions == each.actions);
  }
}

TEST_CASE("TLS before INFO") {
  Handshake handshake({.can_secure = true, .wants_secure = true, .secure_first = true});
  CHECK(handshake.on_open().action == kSecure);
  CHECK(handshake.on_secured().action == kWait);
  proto::ServerParser parser;
  proto::ServerFrame frame;
  std::string_view info = "INFO {\"tls_required\":true}\r\n";
  REQUIRE(parser.next(info, frame) == proto::ServerParser::Status::kFrame);
  CHECK(handshake.on_frame(frame).action == kSend);
}

TEST_CASE("which complaints are about who logs in") {
  CHECK(is_auth_error("Authorization Violation"));
  CHECK(is_auth_error("account authentication expired"));
  CHECK(is_auth_error("User Authentication Revoked for good"));
  CHECK(!is_auth_error("Permissions Violation for Publish to \"a\""));
  CHECK(!is_auth_error("authorization"));
  CHECK(!is_auth_error(""));
}

TEST_CASE("in a web socket's frames TLS is none of the server's business") {
  Handshake handshake({.in_frames = true});
  const Course course = course_of(handshake, "INFO {\"tls_required\":true}\r\nPONG\r\n");
  CHECK(course.actions == Actions{kWait, kSend, kDone});
}

TEST_CASE("words in the clear where TLS begins are an attempt to be heard as the server") {
  for (const auto verb : {proto::ServerVerb::kPing, proto::ServerVerb::kPong,
                          proto::ServerVerb::kInfo, proto::ServerVerb::kOk}) {
    Handshake handshake({.can_secure = true, .wants_secure = true});
    proto::ServerFrame frame;
    frame.verb = proto::ServerVerb::kInfo;
    frame.args = "{\"tls_required\":true}";
    CHECK(handshake.on_frame(frame).action == kSecure);
    frame.verb = verb;
    const Handshake::Step step = handshake.on_frame(frame);
    REQUIRE(step.action == kFail);
    CHECK(step.error->text() == "the server speaks in the clear where TLS begins");
  }
}
