// Goal: the parser reads what nats-server reads, and its answer does not depend on how the network
// cuts the input.
// Method: a table of inputs with the frames (or the error) that the peer was seen to make of them.
// Every input is given whole, cut at every byte, byte by byte, and in seeded random pieces.
#include "proto/client_parser.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace midge::proto {
namespace {

struct Outcome {
  std::vector<std::string> frames;
  ParseError error = ParseError::kNone;
  std::size_t held_bytes_max = 0;
  bool operator==(const Outcome& other) const {
    return frames == other.frames && error == other.error;
  }
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  for (const std::string& frame : outcome.frames) out << frame << '\n';
  return out << "error " << int(outcome.error);
}

std::string show(const Frame& frame) {
  const auto join = [](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) text.append(text.empty() ? "" : "|").append(part);
    return text;
  };
  switch (frame.verb) {
    case Verb::kConnect:
      return join({"CONNECT", frame.args});
    case Verb::kInfo:
      return join({"INFO", frame.args});
    case Verb::kPub:
      return join({"PUB", frame.subject, frame.reply, frame.size_text, frame.payload});
    case Verb::kHpub:
      return join({"HPUB", frame.subject, frame.reply, frame.header_size_text, frame.size_text,
                   frame.payload.substr(0, frame.header_size),
                   frame.payload.substr(frame.header_size)});
    case Verb::kSub:
      return join({"SUB", frame.subject, frame.queue, frame.sid});
    case Verb::kUnsub:
      return join({"UNSUB", frame.sid, std::to_string(frame.max)});
    case Verb::kPing:
      return "PING";
    case Verb::kPong:
      return "PONG";
    case Verb::kOk:
      return "+OK";
    case Verb::kErr:
      return join({"-ERR", frame.args});
  }
  return "?";
}

struct Settings {
  ParserLimits limits{.max_control_line = 4096, .max_payload = 1000};
  bool headers = true;
};

// Feeds the pieces as reads into chunks of exactly their size, so that a view beyond a chunk is
// seen by the address sanitizer.
Outcome parse(const std::vector<std::string_view>& pieces, const Settings& settings) {
  ClientParser parser;
  Outcome outcome;
  Frame frame;
  for (const std::string_view piece : pieces) {
    const SharedBytes chunk = SharedBytes::allocate(piece.size());
    std::memcpy(chunk.data(), piece.data(), piece.size());
    std::string_view input(chunk.data(), piece.size());
    while (true) {
      const ParseStatus status =
          parser.next(input, chunk, settings.limits, settings.headers, frame);
      outcome.held_bytes_max = std::max(outcome.held_bytes_max, parser.held_bytes());
      if (status == ParseStatus::kNeedMore) break;
      if (status == ParseStatus::kError) {
        outcome.error = parser.error();
        CHECK(std::strlen(parser.error_text()) > 0);
        return outcome;
      }
      if (frame.verb == Verb::kPub || frame.verb == Verb::kHpub)
        CHECK(std::memcmp(frame.payload.data() + frame.payload.size(), "\r\n", 2) == 0);
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

void check_all_cuts(std::string_view input, const Outcome& expected, const Settings& settings) {
  CAPTURE(input);
  CHECK(parse({input}, settings) == expected);
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    CAPTURE(cut);
    CHECK(parse({input.substr(0, cut), input.substr(cut)}, settings) == expected);
  }
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < input.size(); ++at) bytes.push_back(input.substr(at, 1));
  CHECK(parse(bytes, settings) == expected);
  Random random(input.size());
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.size(); at += pieces.back().size())
      pieces.push_back(input.substr(at, 1 + random.below(20)));
    CHECK(parse(pieces, settings) == expected);
  }
}

struct Case {
  std::string_view input;
  std::vector<std::string> frames;
  ParseError error = ParseError::kNone;
};

void check_table(const std::vector<Case>& table, const Settings& settings = {}) {
  for (const Case& one : table) {
    check_all_cuts(one.input, {one.frames, one.error}, settings);
    // Once more behind so many bytes that the short path takes what it can.
    if (one.error == ParseError::kNone && !one.frames.empty()) {
      std::string longer(one.input);
      std::vector<std::string> frames = one.frames;
      longer += "PING and a long tail that fills the bytes which the short path wants to see\n";
      frames.push_back("PING");
      check_all_cuts(longer, {frames, one.error}, settings);
    }
  }
}

using namespace std::string_view_literals;
constexpr ParseError kUnknown = ParseError::kUnknownOperation;
constexpr ParseError kBad = ParseError::kBadArguments;

}  // namespace

TEST_CASE("verbs are recognised without regard to case, and refused at the first wrong byte") {
  check_table({
      {"PING\r\n", {"PING"}},
      {"ping\n", {"PING"}},
      {"PiNgxxxx yyy\r\n", {"PING"}},
      {"PONG zzz\nPING\n", {"PONG", "PING"}},
      {"+OK\r\n+ok!\n", {"+OK", "+OK"}},
      {"PING", {}},
      {"\r\n", {}, kUnknown},
      {"X", {}, kUnknown},
      {"PINX", {}, kUnknown},
      {"PX", {}, kUnknown},
      {"+X", {}, kUnknown},
      {"\x0bOK\n", {}, kUnknown},
      {"PUB\r\n", {}, kUnknown},
      {"PUBX", {}, kUnknown},
      {"HPUB\r\n", {}, kUnknown},
      {"SUB\r\n", {}, kUnknown},
      {"SUBx", {}, kUnknown},
      {"UNSUB\r\n", {}, kUnknown},
      {"-ERRx", {}, kUnknown},
      {"-ERR\r\n", {}, kUnknown},
      {"MSG foo 1 2\r\nhi\r\n", {}, kUnknown},
      {"HMSG foo 1 2\r\n", {}, kUnknown},
      {"RS+ a b\r\n", {}, kUnknown},
      {"A+ x\r\n", {}, kUnknown},
      {"PING\r\n\r\n", {"PING"}, kUnknown},
      {"\0"sv, {}, kUnknown},
      {"\xff\xfe", {}, kUnknown},
  });
}

TEST_CASE("CONNECT, INFO and -ERR") {
  check_table({
      {"CONNECT {}\r\n", {"CONNECT|{}"}},
      {"connect{\"a\":1} \n", {"CONNECT|{\"a\":1} "}},
      {"CONNECT \t {}\r\n", {"CONNECT|{}"}},
      {"CONNECT\n{}\r\n", {"CONNECT|\n{}"}},
      {"CONNECTX{}\r\n", {"CONNECT|X{}"}},
      {"CONNECT\r\n", {"CONNECT|"}},
      {"INFO {}\r\nPING\r\n", {"INFO|{}", "PING"}},
      {"info{\"port\":1}\n", {"INFO|{\"port\":1}"}},
      {"INFO\r\n", {}, kBad},
      {"INFO bad\r\n", {}, kBad},
      {"-ERR 'foo'\r\nPING\r\n", {}, ParseError::kClientError},
      {"-err \t x\n", {}, ParseError::kClientError},
      {"-ERR \r\n", {}, ParseError::kClientError},
      {"-ERR \n", {}},
  });
}

TEST_CASE("PUB") {
  check_table({
      {"PUB foo 2\r\nhi\r\n", {"PUB|foo||2|hi"}},
      {"PUB foo 2\nhi\r\n", {"PUB|foo||2|hi"}},
      {"pUb\tfoo \t 2  \r\nhi\r\n", {"PUB|foo||2|hi"}},
      {"PUB  foo 2\r\nhi\r\n", {"PUB|foo||2|hi"}},
      {"PUB foo bar 2\r\nhi\r\nPUB a 0\r\n\r\n", {"PUB|foo|bar|2|hi", "PUB|a||0|"}},
      {"PUB foo\tbar\t2\r\nhi\r\n", {"PUB|foo|bar|2|hi"}},
      {"PUB foo  bar 2\r\nhi\r\n", {"PUB|foo|bar|2|hi"}},
      {"PUB foo bar  2\r\nhi\r\n", {"PUB|foo|bar|2|hi"}},
      {"PUB foo bar 2 \r\nhi\r\n", {"PUB|foo|bar|2|hi"}},
      {"PUB foo 002\r\nhi\r\n", {"PUB|foo||002|hi"}},
      {"PUB foo 000000002\r\nhi\r\n", {"PUB|foo||000000002|hi"}},
      {"PUB foo\rbar 2\r\nhi\r\n", {"PUB|foo\rbar||2|hi"}},
      {"PUB \nfoo 2\r\nhi\r\n", {"PUB|\nfoo||2|hi"}},
      {"PUB foo\0x 2\r\nhi\r\n"sv, {std::string("PUB|foo\0x||2|hi"sv)}},
      {"PUB foo 4\r\n\r\n\r\n\r\n", {"PUB|foo||4|\r\n\r\n"}},
      {"PUB foo 999\r\n", {}},
  });
}

TEST_CASE("PUB that the peer refuses") {
  check_table({
      {"PUB \r\n", {}, kBad},
      {"PUB \r\nfoo 2\r\nhi\r\n", {}, kBad},
      {"PUB foo\r\n", {}, kBad},
      {"PUB 2\r\nhi\r\n", {}, kBad},
      {"PUB foo bar baz 2\r\n", {}, kBad},
      {"PUB foo bar baz qux 2\r\n", {}, kBad},
      {"PUB foo 0000000002\r\nhi\r\n", {}, kBad},
      {"PUB foo -1\r\n", {}, kBad},
      {"PUB foo +2\r\nhi\r\n", {}, kBad},
      {"PUB foo 2x\r\nhi\r\n", {}, kBad},
      {"PUB foo 2\r\r\nhi\r\n", {}, kBad},
      {"PUB foo 9999999999\r\n", {}, kBad},
      {"PUB foo 99999999999999999999999\r\n", {}, kBad},
      {"PUB foo\x0b"
       "2\r\nhi\r\n",
       {},
       kBad},
      {"PUB foo 1001\r\n", {}, ParseError::kPayloadTooLarge},
      {"PUB foo 999999999\r\n", {}, ParseError::kPayloadTooLarge},
      {"PUB foo 2\r\nhi\nPING\r\n", {}, kUnknown},
      {"PUB foo 2\r\nhi\r\r\nPING\r\n", {}, kUnknown},
      {"PUB foo 2\r\nhix", {}, kUnknown},
      {"PUB foo 2\r\nhi\rx", {}, kUnknown},
      {"PUB foo 2\r\nhi\r\nPUB foo 2\r\nhixx", {"PUB|foo||2|hi"}, kUnknown},
  });
}

TEST_CASE("HPUB") {
  check_table({
      {"HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", {"HPUB|foo||12|14|NATS/1.0\r\n\r\n|hi"}},
      {"hpub  foo\tre\t12 14 \nNATS/1.0\r\n\r\nhi\r\n", {"HPUB|foo|re|12|14|NATS/1.0\r\n\r\n|hi"}},
      {"HPUB foo 0 2\r\nhi\r\n", {"HPUB|foo||0|2||hi"}},
      {"HPUB foo 02 2\r\nhi\r\n", {"HPUB|foo||02|2|hi|"}},
      {"HPUB foo 0 0\r\n\r\n", {"HPUB|foo||0|0||"}},
      {"HPUB \r\n", {}, kBad},
      {"HPUB 12 14\r\n", {}, kBad},
      {"HPUB foo 12\r\n", {}, kBad},
      {"HPUB foo a b 12 14\r\n", {}, kBad},
      {"HPUB foo 14 12\r\n", {}, kBad},
      {"HPUB foo -1 14\r\n", {}, kBad},
      {"HPUB foo x 5\r\n", {}, kBad},
      {"HPUB foo 5 x\r\n", {}, kBad},
      {"HPUB foo 0000000012 14\r\n", {}, kBad},
      {"HPUB foo 12 0000000014\r\n", {}, kBad},
      {"HPUB foo 2000 1001\r\n", {}, kBad},
      {"HPUB foo 12 1001\r\n", {}, ParseError::kPayloadTooLarge},
      {"HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhixx", {}, kUnknown},
  });
  check_table({{"HPUB foo 0 2\r\n", {}, ParseError::kHeadersNotNegotiated},
               {"HPUB x\r\n", {}, ParseError::kHeadersNotNegotiated}},
              {.headers = false});
}

TEST_CASE("SUB and UNSUB") {
  check_table({
      {"SUB foo 1\r\n", {"SUB|foo||1"}},
      {"sub\tfoo \t q  sid\n", {"SUB|foo|q|sid"}},
      {"SUB foo\rbar 7\r\n", {"SUB|foo|bar|7"}},
      {"SUB \nfoo 7\r\n", {"SUB|foo||7"}},
      {"SUB \r\n", {}, kBad},
      {"SUB foo\r\n", {}, kBad},
      {"SUB foo bar 2 3\r\n", {}, kBad},
      {"UNSUB 1\r\n", {"UNSUB|1|0"}},
      {"unsub  x\t5 \n", {"UNSUB|x|5"}},
      {"UNSUB 1 000000001\r\n", {"UNSUB|1|1"}},
      {"UNSUB 1 0000000001\r\n", {"UNSUB|1|0"}},
      {"UNSUB 1 abc\r\n", {"UNSUB|1|0"}},
      {"UNSUB 1 -1\r\n", {"UNSUB|1|0"}},
      {"UNSUB 1 0\r\n", {"UNSUB|1|0"}},
      {"UNSUB \r1\r\n", {"UNSUB|1|0"}},
      {"UNSUB \r\n", {}, kBad},
      {"UNSUB \n\n", {}, kBad},
      {"UNSUB 1 2 3\r\n", {}, kBad},
  });
}

TEST_CASE("max_control_line counts the arguments, without blanks before and CRLF behind") {
  const Settings settings{.limits = {.max_control_line = 20, .max_payload = 99}};
  const ParseError too_long = ParseError::kControlLineTooLong;
  check_table(
      {
          {"PUB foo.bar.baz.quux 2\r\nhi\r\n", {"PUB|foo.bar.baz.quux||2|hi"}},
          {"PUB foo.bar.baz.quux 02\r\nhi\r\n", {"PUB|foo.bar.baz.quux||02|hi"}},
          {"PUB foo.bar.baz.quux 002\r\nhi\r\n", {"PUB|foo.bar.baz.quux||002|hi"}},
          {"PUB foo.bar.baz.quux 0002\r\nhi\r\n", {}, too_long},
          {"PUB foo.bar.baz.quux.9999", {}, too_long},
          {"PUB foo.bar.baz.quux.9999\r\n", {}, too_long},
          {"PUB foo.bar.baz.quux 99999\r\n", {}, too_long},
          {"PUB         \t                    foo 2\r\nhi\r\n", {"PUB|foo||2|hi"}},
          {"PUB foo             2\r\nhi\r\n", {"PUB|foo||2|hi"}},
          {"PUB foo                 2\r\nhi\r\n", {}, too_long},
          {"SUB foo.bar.baz.quux 5\r\n", {"SUB|foo.bar.baz.quux||5"}},
          {"SUB foo.bar.baz.quux 5555\r\n", {}, too_long},
          {"UNSUB 123456789012345678901\r\n", {}, too_long},
          {"CONNECT {\"a\":\"1234567890\"}xxx\r\n", {}, too_long},
          {"INFO {\"a\":\"123456789012345\"}\r\n", {}, too_long},
          {"-ERR {\"a\":\"123456789012345\"}\r\n", {}, too_long},
          {"PING that does not count at all, however long it may be\r\n", {"PING"}},
      },
      settings);
}

TEST_CASE("a payload declared as unlimited or huge takes memory only as it arrives") {
  const Settings settings{.limits = {.max_control_line = 4096, .max_payload = -1}};
  const Outcome outcome = parse({"PUB foo 999999999\r\n", "some", "more"}, settings);
  CHECK(outcome.error == ParseError::kNone);
  CHECK(outcome.held_bytes_max < 4096);
}

TEST_CASE("a control line that never ends takes no more memory than its limit allows") {
  const std::string flood(10'000'000, 'a');
  for (const std::string_view verb : {"PUB "sv, "SUB "sv, "CONNECT "sv}) {
    const Outcome outcome = parse({verb, flood}, {});
    CHECK(outcome.error == ParseError::kControlLineTooLong);
    CHECK(outcome.held_bytes_max < 8192);
  }
  const std::string blanks(10'000'000, ' ');
  CHECK(parse({"PUB ", blanks}, {}).held_bytes_max < 4096);
  CHECK(parse({"PING", flood, "\n"}, {}) == Outcome{{"PING"}});
}

TEST_CASE("where a payload lies") {
  const ParserLimits limits{.max_control_line = 4096, .max_payload = -1};
  ClientParser parser;
  Frame frame;
  const auto chunk_of = [](std::string_view text) {
    const SharedBytes chunk = SharedBytes::allocate(text.size());
    std::memcpy(chunk.data(), text.data(), text.size());
    return chunk;
  };
  const auto next = [&](std::string_view& input, const SharedBytes& chunk) {
    return parser.next(input, chunk, limits, true, frame);
  };
  const std::string body(40'000, 'b');
  const std::string large = "PUB foo 40000\r\n" + body + "\r\n";

  SUBCASE("whole in the chunk: a view into it, however large") {
    const SharedBytes chunk = chunk_of(large);
    std::string_view input(chunk.data(), large.size());
    REQUIRE(next(input, chunk) == ParseStatus::kFrame);
    CHECK(frame.block == &chunk);
    CHECK(frame.payload.data() == chunk.data() + large.size() - 40'002);
    CHECK(parser.held_bytes() == 0);
  }
  SUBCASE("large and cut: a block of its own, that may outlive the parser's next call") {
    const SharedBytes first = chunk_of(large.substr(0, 100));
    const SharedBytes second = chunk_of(large.substr(100));
    std::string_view input(first.data(), 100);
    REQUIRE(next(input, first) == ParseStatus::kNeedMore);
    CHECK(parser.held_bytes() < 1500);
    input = {second.data(), large.size() - 100};
    REQUIRE(next(input, second) == ParseStatus::kFrame);
    REQUIRE(frame.block != nullptr);
    CHECK(frame.block->capacity() == 40'002);
    const SharedBytes kept = *frame.block;
    const std::string_view payload = frame.payload;
    REQUIRE(next(input, second) == ParseStatus::kNeedMore);
    CHECK(parser.held_bytes() == 0);
    CHECK(kept.unique());
    CHECK(payload == body);
  }
  SUBCASE("only its control line cut: a view into the chunk that holds it") {
    const SharedBytes first = chunk_of(large.substr(0, 9));
    const SharedBytes second = chunk_of(large.substr(9));
    std::string_view input(first.data(), 9);
    REQUIRE(next(input, first) == ParseStatus::kNeedMore);
    input = {second.data(), large.size() - 9};
    REQUIRE(next(input, second) == ParseStatus::kFrame);
    CHECK(frame.subject == "foo");
    CHECK(frame.block == &second);
    CHECK(frame.payload == body);
  }
  SUBCASE("small and cut: memory of the parser's own") {
    const std::string_view small = "PUB foo 5\r\nhello\r\n";
    const SharedBytes first = chunk_of(small.substr(0, 13));
    const SharedBytes second = chunk_of(small.substr(13));
    std::string_view input(first.data(), 13);
    REQUIRE(next(input, first) == ParseStatus::kNeedMore);
    input = {second.data(), small.size() - 13};
    REQUIRE(next(input, second) == ParseStatus::kFrame);
    CHECK(frame.block == nullptr);
    CHECK(frame.payload == "hello");
  }
  CHECK(sizeof(ClientParser) <= 40);
}

TEST_CASE("any mix of frames, cut anywhere, reads the same") {
  const std::vector<std::string> frames = {
      "PING\r\n",
      "PUB foo 2\r\nhi\r\n",
      "PUB a.b.c _INBOX.x.1 16\r\n0123456789abcdef\r\n",
      "HPUB h 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
      "SUB foo.* q 12\r\n",
      "UNSUB 12 4\r\n",
      "PONG\n",
      "CONNECT {\"name\":\"x\"}\r\n",
      "PUB long." + std::string(80, 'l') + " 3\r\nabc\r\n",
      "PUB big 20000\r\n" + std::string(20'000, '\n') + "\r\n"};
  const Settings settings{.limits = {.max_control_line = 4096, .max_payload = -1}};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::string input;
    for (int count = 0; count < 40; ++count) input += frames[random.below(frames.size())];
    const Outcome whole = parse({input}, settings);
    CHECK(whole.error == ParseError::kNone);
    CHECK(whole.frames.size() == 40);
    const std::uint64_t piece_max = 1 + random.below(seed % 2 == 0 ? 64 : 9000);
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.size(); at += pieces.back().size())
      pieces.push_back(std::string_view(input).substr(at, 1 + random.below(piece_max)));
    CHECK(parse(pieces, settings) == whole);
  }
}

TEST_CASE("skipping ahead takes whole publishes of the usual form and nothing else") {
  const ParserLimits limits{.max_control_line = 4096, .max_payload = 1024};
  const std::string pad(64, '\n');
  std::string_view subject;
  const std::string good = "PUB a.b 2\r\nhi\r\npub c reply 0\r\n\r\n" + pad;
  std::string_view input = good;
  CHECK(skip_publish(input, limits, subject));
  CHECK(subject == "a.b");
  CHECK(skip_publish(input, limits, subject));
  CHECK(subject == "c");
  CHECK(input == pad);
  const std::string others[] = {"SUB a 1\r\n" + pad, "PUB a 2000\r\n" + std::string(2002, 'x'),
                                "PUB a 2\r\nhix\r\n" + pad, "PUB a 200\r\n" + pad,
                                "PUB a 0\r\n\r\n"};
  for (const std::string& other : others) {
    CAPTURE(other);
    input = other;
    CHECK_FALSE(skip_publish(input, limits, subject));
    CHECK(input == other);
  }
}

}  // namespace midge::proto
