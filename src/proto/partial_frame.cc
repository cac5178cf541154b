#include "proto/partial_frame.h"

#include <algorithm>

#include "proto/arguments.h"
#include "proto/blank.h"

namespace midge::proto {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

}  // namespace

ParseStatus PartialFrame::feed(std::string_view& input, const Context& context, Frame& frame,
                               Fault& fault) {
  while (true) {
    ParseStatus status = ParseStatus::kNeedMore;
    switch (stage_) {
      case Stage::kVerb:
        status = feed_verb(input, fault);
        break;
      case Stage::kBlanks:
        status = feed_blanks(input);
        break;
      case Stage::kArguments:
        status = feed_arguments(input, context, fault);
        break;
      case Stage::kIgnored:
        status = feed_ignored(input);
        break;
      case Stage::kPayload:
        status = feed_payload(input, context, fault);
        break;
      case Stage::kDelivered:
        break;
    }
    if (status == ParseStatus::kNeedMore) return status;
    if (status == ParseStatus::kError || stage_ == Stage::kDelivered) {
      frame = head_;
      return status;
    }
  }
}

ParseStatus PartialFrame::feed_verb(std::string_view& input, Fault& fault) {
  while (!input.empty()) {
    verb_bytes_[verb_size_++] = input.front();
    input.remove_prefix(1);
    match_ = match_verb({verb_bytes_.data(), verb_size_});
    if (match_.state == VerbState::kCut) continue;
    if (match_.state == VerbState::kUnknown) {
      fault = kUnknownOperation;
      return ParseStatus::kError;
    }
    stage_ = match_.ignores_rest ? Stage::kIgnored : Stage::kBlanks;
    return ParseStatus::kFrame;
  }
  return ParseStatus::kNeedMore;
}

// Blanks before the arguments are not part of them: any number may come, and none is kept.
ParseStatus PartialFrame::feed_blanks(std::string_view& input) {
  std::size_t blanks = 0;
  while (blanks < input.size() && is_blank(input[blanks])) ++blanks;
  if (blanks == input.size()) {
    input.remove_prefix(blanks);
    return ParseStatus::kNeedMore;
  }
  // The first other byte belongs to the arguments even if it is a line feed: so the peer reads it.
  line_.push_back(input[blanks]);
  input.remove_prefix(blanks + 1);
  stage_ = Stage::kArguments;
  return ParseStatus::kFrame;
}

ParseStatus PartialFrame::feed_arguments(std::string_view& input, const Context& context,
                                         Fault& fault) {
  const std::size_t end = input.find('\n');
  const bool complete = end != std::string_view::npos;
  const std::string_view piece = complete ? input.substr(0, end) : input;
  input.remove_prefix(complete ? end + 1 : input.size());

  std::size_t size = line_.size() + piece.size();
  if ((piece.empty() ? line_ : piece).back() == '\r') --size;
  if (size > context.limits.max_control_line) {
    // Known before the line ends, and before it takes memory.
    fault = {ParseError::kControlLineTooLong, "maximum control line exceeded"};
    return ParseStatus::kError;
  }
  line_.append(piece);
  if (!complete) return ParseStatus::kNeedMore;

  line_.resize(size);
  fault =
      parse_arguments(match_.verb, line_, context.limits, context.headers, head_, payload_size_);
  if (fault) return ParseStatus::kError;
  stage_ = has_payload(match_.verb) ? Stage::kPayload : Stage::kDelivered;
  return ParseStatus::kFrame;
}

ParseStatus PartialFrame::feed_ignored(std::string_view& input) {
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) {
    input = {};
    return ParseStatus::kNeedMore;
  }
  input.remove_prefix(end + 1);
  head_.verb = match_.verb;
  stage_ = Stage::kDelivered;
  return ParseStatus::kFrame;
}

ParseStatus PartialFrame::feed_payload(std::string_view& input, const Context& context,
                                       Fault& fault) {
  const std::size_t whole = std::size_t{payload_size_} + kLineEnd.size();
  const std::string_view piece = input.substr(0, whole - payload_.size());
  std::string_view arrived = piece;
  if (piece.size() == whole) {
    // Only the control line was cut: the payload needs no copy.
    head_.block = &context.chunk;
  } else {
    payload_.append(piece, whole);
    arrived = payload_.view();
    head_.block = payload_size_ > kLargeFrame ? &payload_.block() : nullptr;
  }
  input.remove_prefix(piece.size());

  if (arrived.size() > payload_size_ && !kLineEnd.starts_with(arrived.substr(payload_size_))) {
    fault = kUnknownOperation;
    return ParseStatus::kError;
  }
  if (arrived.size() < whole) return ParseStatus::kNeedMore;
  head_.payload = arrived.substr(0, payload_size_);
  stage_ = Stage::kDelivered;
  return ParseStatus::kFrame;
}

std::size_t PartialFrame::held_bytes() const {
  return sizeof *this + line_.capacity() + payload_.block().capacity();
}

}  // namespace midge::proto
