// Goal: response subjects lead back while they should, and only with the right check value.
// Method: a table with made-up entropy, subjects parsed, forged and reused.
#include "broker/account_responses.h"

#include <doctest/doctest.h>

#include "broker/account_request_info.h"

namespace midge::broker {
namespace {

class CountingEntropy final : public io::Entropy {
 public:
  std::uint64_t next() override { return ++count_; }
  void fill(std::span<unsigned char> into) override {
    for (unsigned char& byte : into) byte = static_cast<unsigned char>(next() * 37);
  }

 private:
  std::uint64_t count_ = 0;
};

constexpr LoopId kLoop{3};

ResponseEntry entry(std::string reply, std::int64_t expires_ns) {
  ResponseEntry made;
  made.responder = {7};
  made.requester = {8};
  made.reply = std::move(reply);
  made.expires = MonoTime{expires_ns};
  return made;
}

struct Fixture {
  CountingEntropy entropy;
  ResponseTable table{kLoop, entropy};

  std::string open(std::string reply, std::int64_t expires_ns = 100) {
    std::string subject;
    table.open(entry(std::move(reply), expires_ns), subject);
    return subject;
  }
  ResponseEntry* find(std::string_view subject, std::int64_t now_ns = 1) {
    const auto token = ResponseToken::parse(subject);
    return token ? table.find(*token, MonoTime{now_ns}) : nullptr;
  }
};

TEST_CASE("a subject leads to its entry until it is closed") {
  Fixture fixture;
  const std::string first = fixture.open("in.1");
  const std::string second = fixture.open("in.2");
  CHECK(first.starts_with("_R_."));
  CHECK(first.size() == 26);
  CHECK(first.find_first_of(".*> ", 4) == std::string::npos);
  CHECK(ResponseToken::parse(first)->loop == kLoop);
  REQUIRE(fixture.find(first));
  CHECK(fixture.find(first)->reply == "in.1");
  CHECK(fixture.find(second)->reply == "in.2");
  fixture.table.close(*ResponseToken::parse(first));
  CHECK(fixture.find(first) == nullptr);
  const std::string third = fixture.open("in.3");
  CHECK(ResponseToken::parse(third)->slot == ResponseToken::parse(first)->slot);
  CHECK(fixture.find(first) == nullptr);
  CHECK(fixture.find(third)->reply == "in.3");
  CHECK(fixture.table.size() == 2);
}

TEST_CASE("no other subject does") {
  Fixture fixture;
  const std::string subject = fixture.open("in.1");
  for (std::size_t i = 4; i < subject.size(); ++i) {
    std::string forged = subject;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    CHECK(fixture.find(forged) == nullptr);
  }
  for (const char* odd :
       {"_R_.", "_R_.x", "_R_", "", "_R_.AAAAAAAAAAAAAAAAAAAAA.", "_R_.AAAAAAAAAAAAAAAAAAAAAA"})
    CHECK(fixture.find(odd) == nullptr);
  CHECK(fixture.find(subject) != nullptr);
}

TEST_CASE("entries expire, on sight and by sweeping") {
  Fixture fixture;
  const std::string early = fixture.open("in.1", 50);
  const std::string late = fixture.open("in.2", 500);
  CHECK(fixture.find(early, 49) != nullptr);
  CHECK(fixture.find(early, 50) == nullptr);
  std::string expired;
  const auto note = [&](const ResponseEntry& gone) { expired += gone.reply; };
  fixture.table.sweep(
      MonoTime{100}, [](const ResponseEntry&) { return false; }, note);
  CHECK(fixture.table.size() == 1);
  CHECK(expired == "in.1");
  const auto idle = [](const ResponseEntry& open) { return open.reply == "in.2"; };
  fixture.table.sweep(MonoTime{100}, idle, note);
  CHECK(expired == "in.1");
  CHECK(fixture.table.size() == 0);
  CHECK(fixture.find(late) == nullptr);
}

TEST_CASE("the requester's header takes the place of what a client wrote [ACCT-11]") {
  const std::string headers = "NATS/1.0\r\nnats-request-info: {\"acc\":\"X\"}\r\nK: v\r\n\r\n";
  const std::string payload = headers + "body";
  Message message;
  message.payload = payload;
  message.header_size = static_cast<std::uint32_t>(headers.size());
  std::string result;
  const auto size = set_header(message, "Nats-Request-Info", "{}", result);
  CHECK(result == "NATS/1.0\r\nK: v\r\nNats-Request-Info: {}\r\n\r\nbody");
  CHECK(size == result.size() - 4);
  message.header_size = 0;
  message.payload = "body";
  set_header(message, "Nats-Request-Info", "{}", result);
  CHECK(result == "NATS/1.0\r\nNats-Request-Info: {}\r\n\r\nbody");
}

TEST_CASE("who asks is told in nats-server's order [ACCT-11]") {
  RequestInfo info;
  info.account = "D";
  info.service = "B";
  info.rtt = Duration{251};
  CHECK(info.json() == R"({"acc":"D","svc":"B","rtt":251})");
  ConnectionInfo connection;
  connection.ip = "127.0.0.1";
  connection.cid = 9;
  connection.authorized_user = "u";
  connection.lang = "py";
  connection.version = "1";
  info.service = "";
  info.connection = &connection;
  info.server = "S";
  const std::string json = info.json();
  CHECK(json.find(R"("host":"127.0.0.1","id":9,"acc":"D","user":"u","lang":"py","ver":"1",)"
                  R"("rtt":251,"server":"S","kind":"Client","client_type":"nats"})") !=
        std::string::npos);
}

}  // namespace
}  // namespace midge::broker
