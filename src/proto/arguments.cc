#include "proto/arguments.h"

#include <array>
#include <cstring>

#include "proto/blank.h"
#include "proto/client_info.h"
#include "proto/size_text.h"

namespace midge::proto {
namespace {

// Up to `Max` fields of a control line; `count` is Max + 1 if there are more.
template <std::size_t Max>
struct Fields {
  std::array<std::string_view, Max> text;
  std::size_t count = 0;
};

// In PUB and HPUB only blanks separate fields; in SUB and UNSUB a stray CR or LF does too.
constexpr bool is_space(char byte) {
  return static_cast<unsigned char>(byte) <= ' ' &&
         (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
}

// Whether one of eight bytes is a space or below: the word-at-a-time test for bytes less than n.
bool has_separator(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return ((word - kOnes * (' ' + 1)) & ~word & (kOnes * 0x80)) != 0;
}

// The separator is a template argument so that it is inlined: this loop runs once per byte.
template <std::size_t Max, bool (*separates)(char)>
Fields<Max> split(std::string_view args) {
  Fields<Max> fields;
  std::size_t at = 0;
  while (true) {
    while (at < args.size() && separates(args[at])) ++at;
    if (at == args.size()) return fields;
    const std::size_t start = at;
    while (at + 8 <= args.size() && !has_separator(args.data() + at)) at += 8;
    while (at < args.size() && !separates(args[at])) ++at;
    if (fields.count == Max) {
      ++fields.count;
      return fields;
    }
    fields.text[fields.count++] = args.substr(start, at - start);
  }
}

Fault bad(const char* text) { return {ParseError::kBadArguments, text}; }

Fault check_payload(std::int32_t size, const ParserLimits& limits) {
  if (limits.max_payload >= 0 && size > limits.max_payload)
    return {ParseError::kPayloadTooLarge, "maximum payload exceeded"};
  return {};
}

Fault parse_pub(std::string_view args, const ParserLimits& limits, Frame& frame,
                std::uint32_t& payload_size) {
  const auto fields = split<3, is_blank>(args);
  if (fields.count < 2 || fields.count > 3) return bad("processPub Parse Error");
  frame.subject = fields.text[0];
  frame.reply = fields.count == 3 ? fields.text[1] : std::string_view();
  frame.size_text = fields.text[fields.count - 1];
  frame.header_size = 0;
  const std::int32_t size = parse_size(frame.size_text);
  if (size == kNoSize) return bad("processPub Bad or Missing Size");
  payload_size = static_cast<std::uint32_t>(size);
  return check_payload(size, limits);
}

Fault parse_hpub(std::string_view args, const ParserLimits& limits, bool headers, Frame& frame,
                 std::uint32_t& payload_size) {
  if (!headers) return {ParseError::kHeadersNotNegotiated, "message headers not supported"};
  const auto fields = split<4, is_blank>(args);
  if (fields.count < 3 || fields.count > 4) return bad("processHeaderPub Parse Error");
  frame.subject = fields.text[0];
  frame.reply = fields.count == 4 ? fields.text[1] : std::string_view();
  frame.header_size_text = fields.text[fields.count - 2];
  frame.size_text = fields.text[fields.count - 1];
  const std::int32_t header_size = parse_size(frame.header_size_text);
  if (header_size == kNoSize) return bad("processHeaderPub Bad or Missing Header Size");
  const std::int32_t size = parse_size(frame.size_text);
  if (size == kNoSize) return bad("processHeaderPub Bad or Missing Total Size");
  if (header_size > size) return bad("processHeaderPub Header Size larger then TotalSize");
  frame.header_size = static_cast<std::uint32_t>(header_size);
  payload_size = static_cast<std::uint32_t>(size);
  return check_payload(size, limits);
}

Fault parse_sub(std::string_view args, Frame& frame) {
  const auto fields = split<3, is_space>(args);
  if (fields.count < 2 || fields.count > 3) return bad("processSub Parse Error");
  frame.subject = fields.text[0];
  frame.queue = fields.count == 3 ? fields.text[1] : std::string_view();
  frame.sid = fields.text[fields.count - 1];
  return {};
}

Fault parse_unsub(std::string_view args, Frame& frame) {
  const auto fields = split<2, is_space>(args);
  if (fields.count < 1 || fields.count > 2) return bad("processUnsub Parse Error");
  frame.sid = fields.text[0];
  // What is not a number means "at once": so the peer takes it.
  const std::int32_t max = fields.count == 2 ? parse_size(fields.text[1]) : kNoSize;
  frame.max = max > 0 ? static_cast<std::uint64_t>(max) : 0;
  return {};
}

}  // namespace

Fault parse_arguments(Verb verb, std::string_view args, const ParserLimits& limits, bool headers,
                      Frame& frame, std::uint32_t& payload_size) {
  frame.verb = verb;
  frame.args = args;
  if (args.size() > limits.max_control_line)
    return {ParseError::kControlLineTooLong, "maximum control line exceeded"};
  switch (verb) {
    case Verb::kPub:
      return parse_pub(args, limits, frame, payload_size);
    case Verb::kHpub:
      return parse_hpub(args, limits, headers, frame, payload_size);
    case Verb::kSub:
      return parse_sub(args, frame);
    case Verb::kUnsub:
      return parse_unsub(args, frame);
    case Verb::kErr:
      return {ParseError::kClientError, "Client Error"};
    case Verb::kInfo:
      return is_client_info(args) ? Fault{} : bad("INFO is not valid JSON");
    case Verb::kConnect:
    case Verb::kPing:
    case Verb::kPong:
    case Verb::kOk:
      return {};
  }
  return {};
}

}  // namespace midge::proto
