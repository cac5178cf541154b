#include "proto/server_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "proto/blank.h"
#include "proto/fields.h"
#include "proto/line_marks.h"
#include "proto/server_verb.h"
#include "proto/size_text.h"

namespace midge::proto {
namespace {

using Status = ServerParser::Status;

// Sent at full speed, a large payload moves twice, not once per read.
constexpr std::size_t kHeldGrowth = 4;
constexpr std::size_t kBlanksMax = 5;  // HMSG subject sid reply header-size size

constexpr const char* kNoOperation = "the server sent what is no operation";
constexpr const char* kLineTooLong = "a line of the server is too long";

// Where the usual line's fields end. Not to be had of a line that the input's last bytes cut, or
// of one with more fields than any verb has.
struct LineShape {
  std::array<std::size_t, kBlanksMax> blanks;
  std::size_t blank_count = 0;
  std::size_t line_feed = 0;
};

[[gnu::always_inline]] inline bool find_shape(std::string_view input, LineShape& shape) {
  for (std::size_t at = 0; input.size() - at >= kMarkedBytes; at += kMarkedBytes) {
    const LineMarks marks = mark_line(input.data() + at);
    std::uint64_t blanks = marks.blanks & ((marks.line_feeds & -marks.line_feeds) - 1);
    for (; blanks != 0; blanks &= blanks - 1) {
      if (shape.blank_count == kBlanksMax) return false;
      shape.blanks[shape.blank_count++] = at + static_cast<std::size_t>(std::countr_zero(blanks));
    }
    if (marks.line_feeds == 0) continue;
    shape.line_feed = at + static_cast<std::size_t>(std::countr_zero(marks.line_feeds));
    return true;
  }
  return false;
}

bool parse_sid(std::string_view text, std::uint64_t& sid) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sid);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_line_end(const char* bytes) { return std::memcmp(bytes, "\r\n", 2) == 0; }

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The text of an error, which servers put between quotes.
std::string_view without_quotes(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
    text = text.substr(1, text.size() - 2);
  return text;
}

// `MSG ` or `HMSG `, in any case: how long it is, or 0.
[[gnu::always_inline]] inline std::size_t message_verb_size(const char* bytes) {
  // Clearing bit 5 makes capitals of letters, and of nothing else an M, S, G or H; of the blank it
  // makes a NUL.
  constexpr std::uint32_t kCapitals = 0xdfdfdfdf;
  constexpr std::uint32_t kMsg = std::bit_cast<std::uint32_t>(std::array{'M', 'S', 'G', '\0'});
  constexpr std::uint32_t kHmsg = std::bit_cast<std::uint32_t>(std::array{'H', 'M', 'S', 'G'});
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  if ((word & kCapitals) == kMsg) return bytes[3] == ' ' ? 4 : 0;
  return (word & kCapitals) == kHmsg && bytes[4] == ' ' ? 5 : 0;
}

// The usual MSG or HMSG: single blanks, all of it is here and nothing is wrong with it. Takes
// nothing and returns false for any other frame.
[[gnu::always_inline]] inline bool take_usual(std::string_view& input,
                                              const ServerParserLimits& limits,
                                              ServerFrame& frame) {
  const char* const line = input.data();
  const std::size_t verb_size = message_verb_size(line);
  LineShape shape;
  if (verb_size == 0 || !find_shape(input, shape)) return false;
  const bool has_headers = verb_size == 5;
  const std::size_t blanks_min = has_headers ? 4 : 3;
  if (shape.blank_count - blanks_min > 1 || shape.line_feed > limits.line_max) return false;
  const auto field = [&](std::size_t index, std::size_t end) {
    const std::size_t start = shape.blanks[index] + 1;
    return std::string_view(line + start, end - start);
  };
  const std::size_t last = shape.blank_count - 1;
  const std::size_t line_end = shape.line_feed - (line[shape.line_feed - 1] == '\r' ? 1 : 0);
  if (line_end <= shape.blanks[last]) return false;
  const std::string_view subject = field(0, shape.blanks[1]);
  const bool has_reply = shape.blank_count > blanks_min;
  const std::string_view reply = has_reply ? field(2, shape.blanks[3]) : std::string_view();
  const std::int32_t size = parse_size(field(last, line_end));
  const std::int32_t headers_size =
      has_headers ? parse_size(field(last - 1, shape.blanks[last])) : 0;
  if (subject.empty() || (has_reply && reply.empty()) || headers_size < 0 || size < headers_size ||
      static_cast<std::size_t>(size) > limits.payload_max ||
      !parse_sid(field(1, shape.blanks[2]), frame.sid))
    return false;

  const std::size_t start = shape.line_feed + 1;
  const std::size_t whole = start + static_cast<std::size_t>(size) + 2;
  if (whole > input.size() || !is_line_end(line + whole - 2)) return false;
  const auto headers_end = start + static_cast<std::size_t>(headers_size);
  frame.verb = has_headers ? ServerVerb::kHmsg : ServerVerb::kMsg;
  frame.subject = subject;
  frame.reply = reply;
  frame.headers = {line + start, line + headers_end};
  frame.payload = {line + headers_end, line + whole - 2};
  input.remove_prefix(whole);
  return true;
}

}  // namespace

ServerParser::Status ServerParser::next(std::string_view& input, ServerFrame& frame) {
  // Nothing but the usual case may stand here: all else would cost it saved registers.
  if (held_.empty() && input.size() >= kMarkedBytes && take_usual(input, limits_, frame)) [[likely]]
    return Status::kFrame;
  return next_of_any_kind(input, frame);
}

ServerParser::Status ServerParser::next_of_any_kind(std::string_view& input, ServerFrame& frame) {
  if (held_.empty()) return take_whole(input, frame);
  if (!held_is_stale_) return gather(input, frame);
  held_ = std::string();
  held_is_stale_ = false;
  return next(input, frame);
}

// Any frame that lies whole in the input. One that does not is gathered from its start.
ServerParser::Status ServerParser::take_whole(std::string_view& input, ServerFrame& frame) {
  if (input.empty()) return Status::kNeedMore;
  Head head;
  const Status status = read_line(input, frame, head);
  if (status == Status::kError) return status;
  if (status == Status::kNeedMore || input.size() - head.line_size < head.rest_size()) {
    frame_size_ = 0;
    return gather(input, frame);
  }
  const std::string_view rest = input.substr(head.line_size, head.rest_size());
  input.remove_prefix(head.line_size + rest.size());
  return attach(head, rest, frame);
}

ServerParser::Status ServerParser::gather(std::string_view& input, ServerFrame& frame) {
  Head head;
  if (frame_size_ == 0) {
    if (const Status status = gather_line(input); status != Status::kFrame) return status;
    if (const Status status = read_line(held_, frame, head); status != Status::kFrame)
      return status;
    frame_size_ = head.line_size + head.rest_size();
    if (input.size() >= head.rest_size()) {
      // Only the line was cut: the payload needs no copy.
      const std::string_view rest = input.substr(0, head.rest_size());
      input.remove_prefix(rest.size());
      held_is_stale_ = true;
      return attach(head, rest, frame);
    }
  }
  const std::string_view piece = input.substr(0, frame_size_ - held_.size());
  const std::size_t total = held_.size() + piece.size();
  if (total > held_.capacity()) held_.reserve(std::min(frame_size_, kHeldGrowth * total));
  held_.append(piece);
  input.remove_prefix(piece.size());
  if (total < frame_size_) return Status::kNeedMore;
  held_is_stale_ = true;
  read_line(held_, frame, head);
  return attach(head, std::string_view(held_).substr(head.line_size), frame);
}

// Adds to what is held up to the line's end.
ServerParser::Status ServerParser::gather_line(std::string_view& input) {
  const std::size_t line_feed = input.find('\n');
  const bool is_complete = line_feed != std::string_view::npos;
  const std::string_view piece = is_complete ? input.substr(0, line_feed + 1) : input;
  // Known before the line ends, and before it takes memory.
  const std::size_t line_size = held_.size() + piece.size() - (is_complete ? 1 : 0);
  const bool is_too_long = line_size > limits_.line_max;
  held_.append(is_too_long ? piece.substr(0, kVerbBytesMax) : piece);
  input.remove_prefix(piece.size());
  if (match_server_verb(held_).state == VerbState::kUnknown) return fail(kNoOperation);
  if (is_too_long) return fail(kLineTooLong);
  return is_complete ? Status::kFrame : Status::kNeedMore;
}

ServerParser::Status ServerParser::read_line(std::string_view bytes, ServerFrame& frame,
                                             Head& head) {
  const ServerVerbMatch match = match_server_verb(bytes);
  if (match.state == VerbState::kUnknown) return fail(kNoOperation);
  if (match.state == VerbState::kCut) return Status::kNeedMore;
  const std::size_t line_feed = bytes.find('\n', match.length);
  if (line_feed > limits_.line_max && bytes.size() > limits_.line_max) return fail(kLineTooLong);
  if (line_feed == std::string_view::npos) return Status::kNeedMore;

  std::string_view args = without_cr(bytes.substr(0, line_feed)).substr(match.length);
  while (!args.empty() && is_blank(args.front())) args.remove_prefix(1);
  head = {.line_size = line_feed + 1};
  frame.verb = match.verb;
  switch (match.verb) {
    case ServerVerb::kMsg:
    case ServerVerb::kHmsg:
      return read_message(args, frame, head);
    case ServerVerb::kInfo:
      frame.args = args;
      break;
    case ServerVerb::kErr:
      frame.args = without_quotes(args);
      break;
    case ServerVerb::kPing:
    case ServerVerb::kPong:
    case ServerVerb::kOk:
      break;  // whatever stands behind them means nothing
  }
  return Status::kFrame;
}

ServerParser::Status ServerParser::read_message(std::string_view args, ServerFrame& frame,
                                                Head& head) {
  const std::size_t sizes = frame.verb == ServerVerb::kHmsg ? 2 : 1;
  const auto fields = split_fields<kBlanksMax, is_blank>(args);
  if (fields.count < 2 + sizes || fields.count > 3 + sizes)
    return fail("a message of the server has too few or too many arguments");
  const std::int32_t size = parse_size(fields.text[fields.count - 1]);
  const std::int32_t headers_size = sizes == 2 ? parse_size(fields.text[fields.count - 2]) : 0;
  if (size == kNoSize || headers_size == kNoSize)
    return fail("a message of the server has a bad size");
  if (headers_size > size) return fail("a message of the server has headers beyond its size");
  if (static_cast<std::size_t>(size) > limits_.payload_max)
    return fail("a message of the server is too large");
  if (!parse_sid(fields.text[1], frame.sid))
    return fail("a message of the server has a bad subscription id");
  frame.subject = fields.text[0];
  frame.reply = fields.count == 3 + sizes ? fields.text[2] : std::string_view();
  head.headers_size = static_cast<std::size_t>(headers_size);
  head.payload_size = static_cast<std::size_t>(size);
  head.has_payload = true;
  return Status::kFrame;
}

ServerParser::Status ServerParser::attach(const Head& head, std::string_view rest,
                                          ServerFrame& frame) {
  if (!head.has_payload) return Status::kFrame;
  if (!is_line_end(rest.data() + head.payload_size))
    return fail("a message of the server does not end where it should");
  frame.headers = rest.substr(0, head.headers_size);
  frame.payload = rest.substr(head.headers_size, head.payload_size - head.headers_size);
  return Status::kFrame;
}

ServerParser::Status ServerParser::fail(const char* text) {
  error_text_ = text;
  return Status::kError;
}

}  // namespace midge::proto
