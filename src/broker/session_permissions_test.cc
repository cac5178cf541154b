// A session's permissions: replies counted and expired on a clock of the test's, answers kept and
// displaced.
#include "broker/session_permissions.h"

#include <string>

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

constexpr std::uint64_t kSalt = 42;
constexpr MonoTime kStart{seconds(100).ns};

bool may_publish(SessionPermissions& session, const char* subject, MonoTime now) {
  return session.may_publish(subject) || session.take_reply(subject, now);
}

SessionPermissions make(std::optional<auth::ResponseRule> responses,
                        std::vector<auth::SubjectRule> allow = {},
                        std::vector<auth::SubjectRule> deny_receiving = {}) {
  auth::PermissionsConfig config;
  config.responses = responses;
  if (!allow.empty()) config.publish = auth::SubjectRules{std::move(allow), {}};
  config.subscribe = auth::SubjectRules{{}, std::move(deny_receiving)};
  return {auth::Permissions::compile(config), kSalt};
}

TEST_CASE("[AUTH-42] whatever a session published before, the rules decide") {
  SessionPermissions session = make({}, {{"plant.*.temp", ""}, {"_INBOX.>", ""}, {"pump.*", ""}});
  // Often enough for it to follow from one rule to the other; `pump` and `plant` are alike to it.
  for (const char* allowed : {"plant.1.temp", "_INBOX.a.b", "pump.1", "plant.2.temp"}) {
    for (int i = 0; i < 20; ++i) {
      CHECK_MESSAGE(session.may_publish(allowed), allowed);
      for (const char* other : {"plant.1.temp", "_INBOX.a", "pump.2"})
        CHECK_MESSAGE(session.may_publish(other), other);
      for (const char* denied : {"plant.1.temp.x", "plant..temp", "_INBOX", "_INBOX.a..b", "pump",
                                 "pump.1.2", "other", ""})
        CHECK_FALSE_MESSAGE(session.may_publish(denied), denied);
    }
  }
}

TEST_CASE("[AUTH-45] as many replies as the rule says, and each request anew") {
  SessionPermissions session = make(auth::ResponseRule{.max = 2});
  CHECK(session.guards_delivery());
  CHECK_FALSE(may_publish(session, "in.1", kStart));
  session.note_request("in.1", kStart);
  CHECK(may_publish(session, "in.1", kStart));
  CHECK(may_publish(session, "in.1", kStart));
  CHECK_FALSE(may_publish(session, "in.1", kStart));
  CHECK_FALSE(may_publish(session, "in.2", kStart));
  CHECK(session.requests() == 0);
  session.note_request("in.1", kStart);
  session.note_request("in.1", kStart);
  for (int i = 0; i < 4; ++i) CHECK(may_publish(session, "in.1", kStart));
  CHECK_FALSE(may_publish(session, "in.1", kStart));
}

TEST_CASE("[AUTH-45] replies expire") {
  SessionPermissions session = make(auth::ResponseRule{.max = 5, .expires = milliseconds(500)});
  session.note_request("a", kStart);
  CHECK(may_publish(session, "a", kStart + milliseconds(500)));
  CHECK_FALSE(may_publish(session, "a", kStart + milliseconds(501)));
  session.note_request("b", kStart);
  session.note_request("c", kStart + seconds(1));
  CHECK(session.requests() == 1);  // b was dropped on the way
}

TEST_CASE("[AUTH-45] no bound below zero") {
  SessionPermissions session = make(auth::ResponseRule{.max = -1, .expires = seconds(-1)});
  session.note_request("a", kStart);
  for (int i = 0; i < 100; ++i) CHECK(may_publish(session, "a", kStart + minutes(i * 1000)));
}

TEST_CASE("[AUTH-45] what the rules allow is not counted, and requests are bounded") {
  SessionPermissions session = make(auth::ResponseRule{.max = 1}, {{"ok.*", ""}});
  session.note_request("ok.1", kStart);
  CHECK(session.requests() == 0);
  CHECK(may_publish(session, "ok.1", kStart));
  for (std::size_t i = 0; i < SessionPermissions::kRequestsMax + 10; ++i)
    session.note_request("in." + std::to_string(i), kStart);
  CHECK(session.requests() == SessionPermissions::kRequestsMax);
  CHECK_FALSE(may_publish(session, "in.9", kStart));
  CHECK(may_publish(session, "in.10", kStart));
}

TEST_CASE("[AUTH-45] a reply subject with wildcards opens no more than itself") {
  SessionPermissions session = make(auth::ResponseRule{.max = -1});
  session.note_request(">", kStart);
  session.note_request("admin.*", kStart);
  CHECK_FALSE(may_publish(session, "admin.stop", kStart));
  CHECK_FALSE(may_publish(session, "other", kStart));
}

TEST_CASE("[AUTH-43] deliveries are sieved once a subscription asks for it") {
  SessionPermissions session = make({}, {}, {{"a.b", ""}});
  CHECK(session.may_subscribe("c.*", ""));
  CHECK_FALSE(session.guards_delivery());
  CHECK(session.may_subscribe("a.*", ""));
  CHECK(session.guards_delivery());
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(session.may_receive("a.b", ""));
    CHECK_FALSE(session.may_receive("a.b", "q"));
    CHECK(session.may_receive("a.c", ""));
  }
  CHECK_FALSE(session.may_subscribe("a.b", ""));
}

TEST_CASE("answers are the rules', whatever the cache holds") {
  AnswerCache cache(kSalt);
  int asked = 0;
  const auto answer = [&](const std::string& subject) {
    return cache.find(subject, [&] {
      ++asked;
      return subject.size() % 2 == 0;
    });
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5000; ++i) {
      const std::string subject = "s." + std::to_string(i);
      REQUIRE(answer(subject) == (subject.size() % 2 == 0));
      REQUIRE(answer(subject) == (subject.size() % 2 == 0));
    }
  }
  CHECK(asked <= 15000);
  asked = 0;
  for (int i = 0; i < 10; ++i) answer("again");
  CHECK(asked <= 1);
  CHECK(answer(std::string(1000, 'x')));
  CHECK(answer(""));
}

}  // namespace
}  // namespace midge::broker
