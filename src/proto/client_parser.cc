#include "proto/client_parser.h"

#include <bit>
#include <cstring>

#include "proto/arguments.h"
#include "proto/blank.h"
#include "proto/line_marks.h"
#include "proto/partial_frame.h"
#include "proto/size_text.h"
#include "proto/verb_match.h"

namespace midge::proto {
namespace {

constexpr std::size_t kPubLength = 4;  // with the blank

bool is_pub(const char* bytes) {
  // Clearing bit 5 makes capitals of letters, and of nothing else a P, U or B.
  constexpr char kCapital = static_cast<char>(~0x20);
  return (bytes[0] & kCapital) == 'P' && (bytes[1] & kCapital) == 'U' &&
         (bytes[2] & kCapital) == 'B';
}

bool is_line_end(const char* bytes) { return std::memcmp(bytes, "\r\n", 2) == 0; }

// The usual PUB: its control line ends within the marked bytes, fields are separated by single
// blanks, all of it is here and nothing is wrong with it. Takes nothing and returns false for any
// other frame.
[[gnu::always_inline]] inline bool take_short_pub(std::string_view& input, const LineMarks& marks,
                                                  const SharedBytes& chunk,
                                                  const ParserLimits& limits, Frame& frame) {
  if (marks.line_feeds == 0) return false;
  const char* const line = input.data();
  const auto line_feed = static_cast<std::size_t>(std::countr_zero(marks.line_feeds));
  std::uint64_t blanks = marks.blanks & ((marks.line_feeds & -marks.line_feeds) - 1);
  if ((blanks & 0b11111) != 0b01000) return false;  // one blank, and it ends the verb

  blanks &= blanks - 1;
  if (blanks == 0) return false;
  const auto subject_end = static_cast<std::size_t>(std::countr_zero(blanks));
  std::size_t size_start = subject_end + 1;
  std::string_view reply;
  blanks &= blanks - 1;
  if (blanks != 0) {
    const auto reply_end = static_cast<std::size_t>(std::countr_zero(blanks));
    if (reply_end == size_start || (blanks & (blanks - 1)) != 0) return false;
    reply = {line + size_start, reply_end - size_start};
    size_start = reply_end + 1;
  }
  const std::size_t line_end = line_feed - (line[line_feed - 1] == '\r' ? 1 : 0);
  if (line_end <= size_start || line_end - kPubLength > limits.max_control_line) return false;
  const std::string_view size_text(line + size_start, line_end - size_start);
  const std::int32_t size = parse_size(size_text);
  if (size == kNoSize || (limits.max_payload >= 0 && size > limits.max_payload)) return false;

  const std::size_t whole = line_feed + 1 + static_cast<std::size_t>(size) + 2;
  if (whole > input.size() || !is_line_end(line + whole - 2)) return false;
  frame.verb = Verb::kPub;
  frame.args = {line + kPubLength, line_end - kPubLength};
  frame.subject = {line + kPubLength, subject_end - kPubLength};
  frame.reply = reply;
  frame.header_size = 0;
  frame.size_text = size_text;
  frame.payload = {line + line_feed + 1, static_cast<std::size_t>(size)};
  frame.block = &chunk;
  input.remove_prefix(whole);
  return true;
}

// The marks of an input shorter than the marked bytes.
[[gnu::noinline]] LineMarks mark_short_input(std::string_view input) {
  char padded[kMarkedBytes] = {};
  std::memcpy(padded, input.data(), input.size());
  return mark_line(padded);
}

}  // namespace

bool skip_publish(std::string_view& input, const ParserLimits& limits, std::string_view& subject) {
  static const SharedBytes kNoBlock;
  Frame frame;
  if (input.size() < kMarkedBytes || !is_pub(input.data()) ||
      !take_short_pub(input, mark_line(input.data()), kNoBlock, limits, frame))
    return false;
  subject = frame.subject;
  return true;
}

ClientParser::ClientParser() = default;
ClientParser::~ClientParser() = default;
ClientParser::ClientParser(ClientParser&&) noexcept = default;

ParseStatus ClientParser::next(std::string_view& input, const SharedBytes& chunk,
                               const ParserLimits& limits, bool headers, Frame& frame) {
  // Nothing but the usual case may stand here: all else would cost it saved registers.
  if (partial_ == nullptr && input.size() >= kMarkedBytes && is_pub(input.data()) &&
      take_short_pub(input, mark_line(input.data()), chunk, limits, frame)) [[likely]]
    return ParseStatus::kFrame;
  return next_of_any_kind(input, chunk, limits, headers, frame);
}

ParseStatus ClientParser::next_of_any_kind(std::string_view& input, const SharedBytes& chunk,
                                           const ParserLimits& limits, bool headers, Frame& frame) {
  if (partial_ != nullptr) {
    if (!partial_->delivered()) return resume(input, chunk, limits, headers, frame);
    partial_.reset();
    return next(input, chunk, limits, headers, frame);
  }
  if (input.size() > kPubLength && input.size() < kMarkedBytes && is_pub(input.data()) &&
      take_short_pub(input, mark_short_input(input), chunk, limits, frame))
    return ParseStatus::kFrame;
  return take_whole(input, chunk, limits, headers, frame);
}

// Any frame that lies whole in the input. One that does not goes to a PartialFrame, from its start.
ParseStatus ClientParser::take_whole(std::string_view& input, const SharedBytes& chunk,
                                     const ParserLimits& limits, bool headers, Frame& frame) {
  if (input.empty()) return ParseStatus::kNeedMore;
  const VerbMatch match = match_verb(input);
  if (match.state == VerbState::kUnknown) return fail(kUnknownOperation);
  const auto gather = [&] {
    partial_ = std::make_unique<PartialFrame>();
    return resume(input, chunk, limits, headers, frame);
  };
  if (match.state == VerbState::kCut) return gather();

  std::size_t start = match.length;
  if (!match.ignores_rest) {
    while (start < input.size() && is_blank(input[start])) ++start;
    if (start == input.size()) return gather();
    // The first byte belongs to the arguments even if it is a line feed: so the peer reads it.
  }
  const std::size_t line_feed = input.find('\n', start + (match.ignores_rest ? 0 : 1));
  if (line_feed == std::string_view::npos) return gather();
  if (match.ignores_rest) {
    frame.verb = match.verb;
    frame.args = {};
    input.remove_prefix(line_feed + 1);
    return ParseStatus::kFrame;
  }

  const std::size_t line_end = line_feed - (input[line_feed - 1] == '\r' ? 1 : 0);
  std::uint32_t size = 0;
  const std::string_view args = input.substr(start, line_end - start);
  if (const Fault fault = parse_arguments(match.verb, args, limits, headers, frame, size))
    return fail(fault);
  std::size_t whole = line_feed + 1;
  if (has_payload(match.verb)) {
    frame.payload = input.substr(whole, size);
    whole += std::size_t{size} + 2;
    if (whole > input.size()) return gather();
    if (!is_line_end(input.data() + whole - 2)) return fail(kUnknownOperation);
    frame.block = &chunk;
  }
  input.remove_prefix(whole);
  return ParseStatus::kFrame;
}

ParseStatus ClientParser::resume(std::string_view& input, const SharedBytes& chunk,
                                 const ParserLimits& limits, bool headers, Frame& frame) {
  Fault fault;
  const ParseStatus status = partial_->feed(input, {chunk, limits, headers}, frame, fault);
  return status == ParseStatus::kError ? fail(fault) : status;
}

ParseStatus ClientParser::fail(Fault fault) {
  error_ = fault.error;
  error_text_ = fault.text;
  return ParseStatus::kError;
}

void ClientParser::give_up() { partial_.reset(); }

std::size_t ClientParser::held_bytes() const {
  return partial_ == nullptr ? 0 : partial_->held_bytes();
}

}  // namespace midge::proto
