#include "proto/arguments.h"

#include "proto/blank.h"
#include "proto/client_info.h"
#include "proto/fields.h"
#include "proto/size_text.h"

namespace midge::proto {
namespace {

// In PUB and HPUB only blanks separate fields; in SUB and UNSUB a stray CR or LF does too.
constexpr bool is_space(char byte) {
  return static_cast<unsigned char>(byte) <= ' ' &&
         (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
}

Fault bad(const char* text) { return {ParseError::kBadArguments, text}; }

Fault check_payload(std::int32_t size, const ParserLimits& limits) {
  if (limits.max_payload >= 0 && size > limits.max_payload)
    return {ParseError::kPayloadTooLarge, "maximum payload exceeded"};
  return {};
}

Fault parse_pub(std::string_view args, const ParserLimits& limits, Frame& frame,
                std::uint32_t& payload_size) {
  const auto fields = split_fields<3, is_blank>(args);
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
  const auto fields = split_fields<4, is_blank>(args);
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
  const auto fields = split_fields<3, is_space>(args);
  if (fields.count < 2 || fields.count > 3) return bad("processSub Parse Error");
  frame.subject = fields.text[0];
  frame.queue = fields.count == 3 ? fields.text[1] : std::string_view();
  frame.sid = fields.text[fields.count - 1];
  return {};
}

Fault parse_unsub(std::string_view args, Frame& frame) {
  const auto fields = split_fields<2, is_space>(args);
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
