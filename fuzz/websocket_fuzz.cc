// Goal: no request, no answer and no frames crash their readers. Frames come out the same however
// they are cut, and no payload is lost; a head that is whole is read the same whatever follows it.
// Messages inflate alike at once and in parts, and to what was compressed. Input: a byte of rules,
// one that says where to cut, and what a peer sends.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "websocket/client_upgrade.h"
#include "websocket/close_status.h"
#include "websocket/deflater.h"
#include "websocket/frame_decoder.h"
#include "websocket/inflater.h"
#include "websocket/upgrade.h"
#include "websocket/whole_inflater.h"

namespace {

using namespace midge;
using namespace midge::websocket;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Outcome {
  std::string bytes, events;
  bool operator==(const Outcome&) const = default;
};

void feed(FrameDecoder& decoder, std::string_view input, Outcome& outcome) {
  while (true) {
    switch (decoder.next(input)) {
      case FrameDecoder::Step::kNeedMore:
        require(input.empty(), "more is wanted while there is some");
        return;
      case FrameDecoder::Step::kFault:
        require(!decoder.fault().empty(), "a fault without a text");
        outcome.events += "!" + decoder.fault();
        return;
      case FrameDecoder::Step::kControl:
        require(decoder.control_payload().size() <= kControlPayloadMax, "a large control frame");
        outcome.events += "c" + std::string(decoder.control_payload());
        if (decoder.control() == Opcode::kClose) {
          const CloseAnswer answer = answer_close(decoder.control_payload());
          require(answer.payload.size() <= kControlPayloadMax, "an answer that is too long");
        }
        break;
      case FrameDecoder::Step::kPayload: {
        const FrameDecoder::Payload& payload = decoder.payload();
        const std::size_t before = outcome.bytes.size();
        outcome.bytes.resize(before + payload.bytes.size());
        copy_masked(outcome.bytes.data() + before, payload.bytes.data(), payload.bytes.size(),
                    payload.mask);
        if (payload.ends_message) outcome.events += payload.compressed ? 'z' : '|';
        break;
      }
    }
  }
}

void check_frames(std::uint8_t rules, std::size_t cut, std::string_view input) {
  FrameDecoder whole, parts;
  using enum FrameDecoder::Masking;
  const FrameDecoder::Masking masking = (rules & 4) != 0   ? kRefused
                                        : (rules & 1) != 0 ? kRequired
                                                           : kOptional;
  whole.set_rules(masking, (rules & 2) != 0);
  parts.set_rules(masking, (rules & 2) != 0);
  Outcome once, twice;
  feed(whole, input, once);
  for (std::size_t at = 0; at < input.size() && parts.fault().empty(); at += cut)
    feed(parts, input.substr(at, cut), twice);
  if (input.empty()) return;
  require(once == twice, "frames depend on how they are cut");
}

// Whatever the whole message inflates to, at once or in parts, it is the same.
void check_inflaters(std::size_t room, std::string_view input) {
  Inflater inflater;
  WholeInflater whole;
  std::string into(room, '\0'), all;
  std::string_view part = input;
  bool done = false;
  // A small input may hold a great deal.
  for (int step = 0; step < 2000 && !done; ++step) {
    std::size_t filled = 0;
    const Inflater::Status status = inflater.inflate(part, true, into, filled);
    require(status != Inflater::Status::kPartTaken, "more of a message that has ended");
    if (status == Inflater::Status::kFull) require(filled == room, "full, with room");
    if (status == Inflater::Status::kCorrupt) return;
    all.append(into, 0, filled);
    done = status == Inflater::Status::kMessageDone;
  }
  if (!done) return;
  std::string at_once(all.size() + 1, '\0');
  std::size_t size = 0;
  // They may differ in which codes that are not whole they put up with.
  if (whole.inflate(input, at_once, size) != WholeInflater::Outcome::kDone) return;
  require(at_once.substr(0, size) == all, "at once, a message is another");
}

void check_deflater(std::size_t cut, std::string_view input) {
  input = input.substr(0, Deflater::kInputMax);
  const std::size_t first = std::min(cut, input.size());
  const std::array<io::Slice, 2> slices{io::Slice{input.data(), first},
                                        io::Slice{input.data() + first, input.size() - first}};
  Deflater deflater;
  const std::string_view message = deflater.compress(slices, input.size());
  if (message.empty()) return;
  require(message.size() < input.size(), "larger than before");
  std::string out(input.size() + 1, '\0');
  std::size_t size = 0;
  WholeInflater whole;
  require(whole.inflate(message, out, size) == WholeInflater::Outcome::kDone, "no message");
  require(out.substr(0, size) == input, "what was compressed comes out as something else");
  Inflater inflater;
  std::string_view part = message;
  size = 0;
  require(inflater.inflate(part, true, out, size) == Inflater::Status::kMessageDone, "no message");
  require(out.substr(0, size) == input, "what was compressed comes out as something else");
}

void check_request(std::string_view input) {
  RequestHead head;
  if (parse_request_head(input, head) != HeadStatus::kWhole) return;
  require(head.size > 0 && head.size <= input.size(), "a head longer than the input");
  RequestHead alone;
  require(parse_request_head(input.substr(0, head.size), alone) == HeadStatus::kWhole &&
              alone.size == head.size && alone.path == head.path && alone.host == head.host,
          "what follows a head changes it");
  require(parse_request_head(input.substr(0, head.size - 1), alone) == HeadStatus::kNeedMore,
          "whole before its end");
  Terms terms;
  terms.compression = true;
  terms.user_cookie = "u";
  terms.origins.same_origin = true;
  const Upgrade upgrade = judge_upgrade(head, terms, false);
  require(upgrade.answer.starts_with(upgrade.fault.empty() ? "HTTP/1.1 101 " : "HTTP/1."),
          "an answer that is none");
}

void check_answer(std::string_view input) {
  AnswerHead head;
  if (parse_answer_head(input, head) != HeadStatus::kWhole) return;
  require(head.size > 0 && head.size <= input.size(), "a head longer than the input");
  AnswerHead alone;
  require(parse_answer_head(input.substr(0, head.size), alone) == HeadStatus::kWhole &&
              alone.size == head.size && alone.status == head.status,
          "what follows a head changes it");
  require(parse_answer_head(input.substr(0, head.size - 1), alone) == HeadStatus::kNeedMore,
          "whole before its end");
  ClientTerms terms;
  terms.compression = true;
  const auto upgrade = judge_answer(head, terms, "dGhlIHNhbXBsZSBub25jZQ==");
  require(!upgrade || head.status == 101, "a socket that no 101 has opened");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::max<std::size_t>(data[1], 1);
  if ((data[0] & 0xC0) == 0xC0) {
    check_answer(input);
  } else if ((data[0] & 0x80) != 0) {
    check_request(input);
    (void)parse_origin(input);
  } else if ((data[0] & 0x40) != 0) {
    check_inflaters(cut, input);
  } else if ((data[0] & 0x20) != 0) {
    check_deflater(cut, input);
  } else {
    check_frames(data[0], cut, input);
  }
  return 0;
}
