// Goal: the parser reads what official clients read of a server, refuses what is hostile without
// holding it, and its answer does not depend on how the network cuts the input.
// Method: a table of inputs with the frames (or that there is an error) to be made of them. Every
// input is given whole, cut at every byte, byte by byte, and in seeded random pieces.
#include "proto/server_parser.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace midge::proto {
namespace {

using Status = ServerParser::Status;
using namespace std::string_view_literals;

struct Outcome {
  std::vector<std::string> frames;
  std::string error;  // "" = none
  std::size_t held_bytes_max = 0;
  bool operator==(const Outcome& other) const {
    return frames == other.frames && error == other.error;
  }
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  for (const std::string& frame : outcome.frames) out << frame << '\n';
  return out << "error " << outcome.error;
}

std::string show(const ServerFrame& frame) {
  const auto join = [](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text.append(text.empty() ? "" : "|").append(part);
    return text;
  };
  const std::string sid = std::to_string(frame.sid);
  switch (frame.verb) {
    case ServerVerb::kInfo:
      return join({"INFO", frame.args});
    case ServerVerb::kMsg:
      CHECK(frame.headers.empty());
      return join({"MSG", frame.subject, sid, frame.reply, frame.payload});
    case ServerVerb::kHmsg:
      return join({"HMSG", frame.subject, sid, frame.reply, frame.headers, frame.payload});
    case ServerVerb::kPing:
      return "PING";
    case ServerVerb::kPong:
      return "PONG";
    case ServerVerb::kOk:
      return "+OK";
    case ServerVerb::kErr:
      return join({"-ERR", frame.args});
  }
  return "?";
}

constexpr ServerParserLimits kLimits{.line_max = 4096, .payload_max = 1000};

// Feeds each piece in memory of exactly its size, so that the address sanitizer sees a view beyond.
Outcome parse(const std::vector<std::string_view>& pieces, ServerParserLimits limits = kLimits) {
  ServerParser parser(limits);
  Outcome outcome;
  ServerFrame frame;
  for (const std::string_view piece : pieces) {
    const auto bytes = std::make_unique<char[]>(piece.size());
    std::memcpy(bytes.get(), piece.data(), piece.size());
    std::string_view input(bytes.get(), piece.size());
    while (true) {
      const Status status = parser.next(input, frame);
      outcome.held_bytes_max = std::max(outcome.held_bytes_max, parser.held_bytes());
      if (status == Status::kNeedMore) break;
      if (status == Status::kError) {
        outcome.error = parser.error_text();
        CHECK(!outcome.error.empty());
        return outcome;
      }
      outcome.frames.push_back(show(frame));
    }
    CHECK(input.empty());
  }
  return outcome;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

std::vector<std::string_view> random_pieces(std::string_view input, std::uint64_t piece_max,
                                            Random& random) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < input.size(); at += pieces.back().size())
    pieces.push_back(input.substr(at, 1 + random.below(piece_max)));
  return pieces;
}

void check_all_cuts(std::string_view input, const Outcome& expected,
                    ServerParserLimits limits = kLimits) {
  CAPTURE(input);
  CHECK(parse({input}, limits) == expected);
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    CHECK(parse({input.substr(0, cut), input.substr(cut)}, limits) == expected);
  }
  Random random(input.size());
  CHECK(parse(random_pieces(input, 1, random), limits) == expected);
  for (int round = 0; round < 20; ++round)
    CHECK(parse(random_pieces(input, 20, random), limits) == expected);
}

struct Case {
  std::string_view input;
  std::vector<std::string> frames;
  std::string error;
};

void check_table(const std::vector<Case>& table, ServerParserLimits limits = kLimits) {
  for (const Case& one : table) {
    check_all_cuts(one.input, {one.frames, one.error}, limits);
    // Once more before so many bytes that the short path takes what it can.
    if (one.error.empty() && !one.frames.empty()) {
      std::string longer(one.input);
      std::vector<std::string> frames = one.frames;
      for (int count = 0; count < 16; ++count) {
        longer += "PING\n";
        frames.push_back("PING");
      }
      check_all_cuts(longer, {frames, one.error}, limits);
    }
  }
}

const std::string kUnknown = "the server sent what is no operation";
const std::string kTooLong = "a line of the server is too long";
const std::string kCount = "a message of the server has too few or too many arguments";
const std::string kSize = "a message of the server has a bad size";
const std::string kLarge = "a message of the server is too large";
const std::string kSid = "a message of the server has a bad subscription id";
const std::string kEnd = "a message of the server does not end where it should";
const std::string kHeaders = "a message of the server has headers beyond its size";

}  // namespace

TEST_CASE("server parser: verbs, without regard to case, are refused at the first wrong byte") {
  check_table({
      {"PING\r\n", {"PING"}, ""},
      {"ping\n", {"PING"}, ""},
      {"PiNg \r\npOnG\r\n", {"PING", "PONG"}, ""},
      {"PONG zzz\nPING\n", {"PONG", "PING"}, ""},
      {"+OK\r\n+ok!\n", {"+OK", "+OK"}, ""},
      {"PING", {}, ""},
      {"HMS", {}, ""},
      {"\r\n", {}, kUnknown},
      {"X", {}, kUnknown},
      {"PINX", {}, kUnknown},
      {"PX", {}, kUnknown},
      {"+X", {}, kUnknown},
      {"\x0bOK\n", {}, kUnknown},
      {"MSG\r\n", {}, kUnknown},
      {"MSGX", {}, kUnknown},
      {"HMSG\n", {}, kUnknown},
      {"INFO{}\r\n", {}, kUnknown},
      {"-ERR\r\n", {}, kUnknown},
      {"-ERRx", {}, kUnknown},
      {"PUB a 1\r\n", {}, kUnknown},
      {"HTTP/1.1 400 Bad Request\r\n", {}, kUnknown},
      {"\x16\x03\x01", {}, kUnknown},
      {"PING\r\n\r\n", {"PING"}, kUnknown},
      {"\0"sv, {}, kUnknown},
      {"\xcd\xd3\xc7 a 1 0\r\n\r\n", {}, kUnknown},
  });
}

TEST_CASE("server parser: INFO and -ERR") {
  check_table({
      {"INFO {}\r\n", {"INFO|{}"}, ""},
      {"info \t {\"port\":1} \n", {"INFO|{\"port\":1} "}, ""},
      {"INFO\tno JSON\r\nPING\r\n", {"INFO|no JSON", "PING"}, ""},
      {"INFO {\"a\":\"\r\"}\r\n", {"INFO|{\"a\":\"\r\"}"}, ""},
      {"INFO \r\n", {"INFO|"}, ""},
      {"-ERR 'Stale Connection'\r\nPING\r\n", {"-ERR|Stale Connection", "PING"}, ""},
      {"-err \t 'it''s'  \n", {"-ERR|it''s"}, ""},
      {"-ERR bare text\r\n", {"-ERR|bare text"}, ""},
      {"-ERR 'open\r\n", {"-ERR|'open"}, ""},
      {"-ERR '\r\n", {"-ERR|'"}, ""},
      {"-ERR ''\r\n", {"-ERR|"}, ""},
      {"-ERR \r\n", {"-ERR|"}, ""},
      {"-ERR   \n", {"-ERR|"}, ""},
  });
}

TEST_CASE("server parser: MSG") {
  check_table({
      {"MSG foo 1 2\r\nhi\r\n", {"MSG|foo|1||hi"}, ""},
      {"MSG foo 1 2\nhi\r\n", {"MSG|foo|1||hi"}, ""},
      {"mSg\tfoo \t 1  2  \r\nhi\r\n", {"MSG|foo|1||hi"}, ""},
      {"MSG  foo 1 2\r\nhi\r\n", {"MSG|foo|1||hi"}, ""},
      {"MSG foo 1 re 2\r\nhi\r\nMSG a 9 0\r\n\r\n", {"MSG|foo|1|re|hi", "MSG|a|9||"}, ""},
      {"MSG foo\t1\tre\t2\r\nhi\r\n", {"MSG|foo|1|re|hi"}, ""},
      {"MSG foo 1  re 2\r\nhi\r\n", {"MSG|foo|1|re|hi"}, ""},
      {"MSG foo 1 re  2\r\nhi\r\n", {"MSG|foo|1|re|hi"}, ""},
      {"MSG foo 1 re 2 \r\nhi\r\n", {"MSG|foo|1|re|hi"}, ""},
      {"MSG foo 1 2 \r\nhi\r\n", {"MSG|foo|1||hi"}, ""},
      {"MSG foo 007 000000002\r\nhi\r\n", {"MSG|foo|7||hi"}, ""},
      {"MSG foo 18446744073709551615 0\r\n\r\n", {"MSG|foo|18446744073709551615||"}, ""},
      {"MSG foo\rbar 1 2\r\nhi\r\n", {"MSG|foo\rbar|1||hi"}, ""},
      {"MSG foo\0x 1 2\r\nhi\r\n"sv, {std::string("MSG|foo\0x|1||hi"sv)}, ""},
      {"MSG foo 1 4\r\n\r\n\r\n\r\n", {"MSG|foo|1||\r\n\r\n"}, ""},
      {"MSG foo 1 7\r\nMSG a 1\r\n", {"MSG|foo|1||MSG a 1"}, ""},
      {"MSG foo 1 999\r\n", {}, ""},
      {"MSG foo 1 2\r\nhix", {}, ""},
  });
}

TEST_CASE("server parser: MSG that is refused") {
  check_table({
      {"MSG \r\n", {}, kCount},
      {"MSG \n\n", {}, kCount},
      {"MSG foo\r\n", {}, kCount},
      {"MSG foo 2\r\nhi\r\n", {}, kCount},
      {"MSG foo 1 a b 2\r\nhi\r\n", {}, kCount},
      {"MSG foo 1 a b c d e f g 2\r\nhi\r\n", {}, kCount},
      {"MSG foo 1 x\r\n", {}, kSize},
      {"MSG foo 1 -1\r\n", {}, kSize},
      {"MSG foo 1 +2\r\nhi\r\n", {}, kSize},
      {"MSG foo 1 2x\r\nhi\r\n", {}, kSize},
      {"MSG foo 1 2\r\r\nhi\r\n", {}, kSize},
      {"MSG foo 1 0000000002\r\nhi\r\n", {}, kSize},
      {"MSG foo 1 99999999999999999999999\r\n", {}, kSize},
      {"MSG foo 1 18446744073709551618\r\nhi\r\n", {}, kSize},
      {"MSG foo 1 1001\r\n", {}, kLarge},
      {"MSG foo 1 999999999\r\n", {}, kLarge},
      {"MSG foo x 2\r\nhi\r\n", {}, kSid},
      {"MSG foo -1 2\r\nhi\r\n", {}, kSid},
      {"MSG foo +1 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 0x1 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 1. 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 18446744073709551616 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 99999999999999999999999999 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 1\x0b 2\r\nhi\r\n", {}, kSid},
      {"MSG foo 1 2\r\nhi\nPING\r\n", {}, kEnd},
      {"MSG foo 1 2\r\nhi\r\r\nPING\r\n", {}, kEnd},
      {"MSG foo 1 2\r\nhixx", {}, kEnd},
      {"MSG foo 1 2\r\nhi\rx", {}, kEnd},
      {"MSG foo 1 2\r\nhi\r\nMSG foo 1 2\r\nhello\r\n", {"MSG|foo|1||hi"}, kEnd},
  });
}

TEST_CASE("server parser: HMSG") {
  check_table({
      {"HMSG foo 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", {"HMSG|foo|1||NATS/1.0\r\n\r\n|hi"}, ""},
      {"hmsg  foo\t1 re\t12 14 \nNATS/1.0\r\n\r\nhi\r\n",
       {"HMSG|foo|1|re|NATS/1.0\r\n\r\n|hi"},
       ""},
      {"HMSG foo 1 re 12 12\r\nNATS/1.0\r\n\r\n\r\nPING\r\n",
       {"HMSG|foo|1|re|NATS/1.0\r\n\r\n|", "PING"},
       ""},
      {"HMSG foo 1 0 2\r\nhi\r\n", {"HMSG|foo|1|||hi"}, ""},
      {"HMSG foo 1 0 0\r\n\r\n", {"HMSG|foo|1|||"}, ""},
      {"HMSG \r\n", {}, kCount},
      {"HMSG foo 12 14\r\n", {}, kCount},
      {"HMSG foo 1 a b 12 14\r\n", {}, kCount},
      {"HMSG foo 1 14 12\r\n", {}, kHeaders},
      {"HMSG foo 1 -1 14\r\n", {}, kSize},
      {"HMSG foo 1 x 5\r\n", {}, kSize},
      {"HMSG foo 1 5 x\r\n", {}, kSize},
      {"HMSG foo 1 0000000012 14\r\n", {}, kSize},
      {"HMSG foo 1 12 1001\r\n", {}, kLarge},
      {"HMSG foo x 12 14\r\n", {}, kSid},
      {"HMSG foo 1 12 14\r\nNATS/1.0\r\n\r\nhixx", {}, kEnd},
  });
}

TEST_CASE("server parser: a line counts to its end, whatever stands in it") {
  const ServerParserLimits limits{.line_max = 20, .payload_max = 99};
  check_table(
      {
          {"MSG foo.bar.baz 1 2\nhi\r\n", {"MSG|foo.bar.baz|1||hi"}, ""},
          {"MSG foo.bar.baz 1 2\r\nhi\r\n", {"MSG|foo.bar.baz|1||hi"}, ""},
          {"MSG foo.bar.baz 11 2\r\nhi\r\n", {}, kTooLong},
          {"MSG foo.bar.baz.quux.", {}, kTooLong},
          {"MSG                 ", {}, ""},
          {"MSG                  ", {}, kTooLong},
          {"MAG foo.bar.baz.quux.", {}, kUnknown},
          {"PING and so on......\n", {"PING"}, ""},
          {"PING and so on......\r\n", {}, kTooLong},
          {"INFO {\"a\":\"12345678\"}", {}, kTooLong},
      },
      limits);
}

TEST_CASE("server parser: what is hostile takes no memory to speak of") {
  const std::string flood(10'000'000, 'a');
  for (const std::string_view verb : {"MSG "sv, "INFO "sv, "-ERR "sv, "PING"sv}) {
    CAPTURE(verb);
    const Outcome outcome = parse({verb, flood});
    CHECK(outcome.error == kTooLong);
    CHECK(outcome.held_bytes_max < 64);
    Random random(1);
    CHECK(parse(random_pieces(std::string(verb) + flood, 1000, random)).held_bytes_max <= 8192);
  }
  // A declared size is believed only as its bytes arrive.
  const Outcome outcome =
      parse({"MSG foo 1 999999999\r\n", "some", "more"}, {.line_max = 64, .payload_max = 1 << 30});
  CHECK(outcome.error.empty());
  CHECK(outcome.held_bytes_max < 512);
}

TEST_CASE("server parser: where a payload lies, and what is held") {
  ServerParser parser;
  ServerFrame frame;
  const std::string body(40'000, 'b');
  const std::string text = "HMSG foo 7 12 40000\r\nNATS/1.0\r\n\r\n" + body.substr(12) + "\r\n";
  std::string_view input = text;

  SUBCASE("whole in the input: a view into it") {
    REQUIRE(parser.next(input, frame) == Status::kFrame);
    CHECK(frame.payload.end() == text.data() + text.size() - 2);
    CHECK(frame.headers.end() == frame.payload.begin());
    CHECK(parser.held_bytes() == 0);
  }
  SUBCASE("only its line cut: a view into the input that holds it") {
    std::string_view first = input.substr(0, 9);
    REQUIRE(parser.next(first, frame) == Status::kNeedMore);
    input.remove_prefix(9);
    REQUIRE(parser.next(input, frame) == Status::kFrame);
    CHECK(frame.subject == "foo");
    CHECK(frame.payload.end() == text.data() + text.size() - 2);
  }
  SUBCASE("cut: memory of the parser's own, which the next call gives back") {
    std::string_view first = input.substr(0, 100);
    REQUIRE(parser.next(first, frame) == Status::kNeedMore);
    CHECK(parser.held_bytes() <= 400);
    input.remove_prefix(100);
    REQUIRE(parser.next(input, frame) == Status::kFrame);
    CHECK(frame.payload == std::string_view(body).substr(12));
    CHECK(parser.held_bytes() <= text.size());
    REQUIRE(parser.next(input, frame) == Status::kNeedMore);
    CHECK(parser.held_bytes() == 0);
  }
}

TEST_CASE("server parser: any mix of frames, cut anywhere, reads the same") {
  const std::vector<std::string> frames = {
      "PING\r\n",
      "+OK\r\n",
      "-ERR 'Unknown Protocol Operation'\r\n",
      "MSG foo 1 2\r\nhi\r\n",
      "MSG a.b.c 12 _INBOX.x.1 16\r\n0123456789abcdef\r\n",
      "MSG  a.b.c\t12 _INBOX.x.1 16\n0123456789abcdef\r\n",
      "HMSG h 3 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
      "HMSG orders 34 $JS.ACK.orders.worker.1.3211.122.1700000000000000000.12 12 14\r\n"
      "NATS/1.0\r\n\r\nhi\r\n",
      "INFO {\"server_id\":\"x\",\"ldm\":true}\r\n",
      "MSG long." + std::string(200, 'l') + " 1 3\r\nabc\r\n",
      "MSG big 1 20000\r\n" + std::string(20'000, '\n') + "\r\n"};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::string input;
    for (int count = 0; count < 40; ++count) input += frames[random.below(frames.size())];
    const Outcome whole = parse({input}, {});
    CHECK(whole.error.empty());
    CHECK(whole.frames.size() == 40);
    const std::uint64_t piece_max = 1 + random.below(seed % 2 == 0 ? 64 : 9000);
    CHECK(parse(random_pieces(input, piece_max, random), {}) == whole);
  }
}

}  // namespace midge::proto
