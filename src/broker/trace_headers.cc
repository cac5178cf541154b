#include "broker/trace_headers.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/ascii.h"
#include "codec/json_writer.h"
#include "proto/message_headers.h"
#include "subject/subject.h"
#include "subject/text_bytes.h"

namespace midge::broker {
namespace {

using proto::HeaderField;

constexpr std::string_view kTraceParent = "traceparent";

std::string lower_text(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), ascii_lower);
  return result;
}

// Those with a name and a value. Nothing if the block does not begin as it must, or has a status.
std::vector<HeaderField> read_headers(std::string_view block) {
  std::vector<HeaderField> headers;
  if (!block.starts_with(proto::kHeaderLine)) return headers;
  block.remove_prefix(proto::kHeaderLine.size());
  HeaderField field;
  while (proto::take_header_field(block, field)) {
    field.value = proto::without_blanks(field.value);
    if (!field.name.empty() && !field.value.empty()) headers.push_back(field);
  }
  return headers;
}

std::string_view first_value(const std::vector<HeaderField>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &HeaderField::name);
  return found == headers.end() ? std::string_view() : found->value;
}

// `version-trace-parent-flags`, two hexadecimal digits being the flags: whether the lowest is set.
bool is_sampled(std::string_view parent) {
  const std::size_t last = parent.rfind('-');
  if (std::ranges::count(parent, '-') != 3 || parent.size() - last != 3) return false;
  int digits[2];
  for (int i = 0; i < 2; ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef")
                                  .find(ascii_lower(parent[last + 1 + static_cast<size_t>(i)]));
    if (digit == std::string_view::npos) return false;
    digits[i] = static_cast<int>(digit);
  }
  return digits[1] % 2 == 1;
}

bool has_sampled_parent(const std::vector<HeaderField>& headers) {
  return std::ranges::any_of(headers, [](const HeaderField& header) {
    return equal_ignoring_case(header.name, kTraceParent) && is_sampled(header.value);
  });
}

TraceEncoding encoding_of(std::string_view accepted) {
  if (accepted.empty()) return TraceEncoding::kNone;
  const std::string text = lower_text(accepted);
  const auto has = [&text](std::string_view name) { return text.find(name) != std::string::npos; };
  if (has("snappy") || has("s2")) return TraceEncoding::kSnappy;
  return has("gzip") ? TraceEncoding::kGzip : TraceEncoding::kIdentity;
}

bool means_yes(std::string_view value) {
  const std::string text = lower_text(value);
  return text == "1" || text == "true" || text == "on";
}

// What the header is that `rest` begins with.
TraceMention mention_at(std::string_view rest) {
  const auto is_named = [rest](std::string_view name) {
    return rest.size() > name.size() && rest[name.size()] == ':' &&
           equal_ignoring_case(rest.substr(0, name.size()), name);
  };
  if (rest.empty()) return TraceMention::kNone;
  if (rest.front() == 'N' && is_named(kTraceDestination))
    return rest.starts_with(kTraceDestination) ? TraceMention::kDestination : TraceMention::kNone;
  if ((rest.front() | 0x20) == 't' && is_named(kTraceParent)) return TraceMention::kParent;
  return TraceMention::kNone;
}

std::string to_json(std::vector<HeaderField> headers) {
  std::ranges::stable_sort(headers, {}, &HeaderField::name);
  codec::JsonWriter json;
  json.begin_object();
  for (auto at = headers.begin(); at != headers.end();) {
    const std::string_view name = at->name;
    json.key(name).begin_array();
    for (; at != headers.end() && at->name == name; ++at) json.value(at->value);
    json.end_array();
  }
  return json.end_object().take();
}

}  // namespace

TraceMention find_trace_mention(std::string_view block) {
  constexpr std::uint64_t kLineFeeds = 0x0a0a'0a0a'0a0a'0a0aU;
  // Behind the line feed, the shortest header that matters, its colon included, must find room: so
  // whole words may be read.
  constexpr std::size_t kRoom = 1 + kTraceParent.size() + 1;
  TraceMention found = TraceMention::kNone;
  for (std::size_t at = 0; at + kRoom <= block.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, block.data() + at, sizeof word);
    for (std::uint64_t feeds = subject::zero_bytes(word ^ kLineFeeds); feeds != 0;
         feeds &= feeds - 1) {
      const std::size_t feed = at + (static_cast<std::size_t>(std::countr_zero(feeds)) >> 3);
      const TraceMention here = mention_at(block.substr(feed + 1));
      if (here == TraceMention::kDestination) return here;
      if (here != TraceMention::kNone) found = here;
    }
  }
  return found;
}

TraceRequest read_trace_request(std::string_view block, std::string_view account_destination,
                                int sampling, std::uint64_t draw) {
  TraceRequest request;
  std::vector<HeaderField> headers = read_headers(block);
  const std::string_view named = first_value(headers, kTraceDestination);
  if (!named.empty()) {
    // What is no subject asks for nothing, and kTraceDisabled is none.
    if (!subject::is_valid_literal(named)) return request;
    request.by_client = true;
    request.only = means_yes(first_value(headers, "Nats-Trace-Only"));
  } else if (account_destination.empty() || !has_sampled_parent(headers)) {
    return request;
  }
  // Servers before 2.14 set the origin where a trace had come through another account.
  const bool has_origin = !first_value(headers, "Nats-Trace-Origin-Account").empty();
  const bool is_drawn = static_cast<int>((draw >> 16) % 100) < sampling;
  if (has_origin || (!request.by_client && !is_drawn)) {
    request.action = TraceRequest::Action::kDisable;
    return request;
  }
  request.action = TraceRequest::Action::kTrace;
  request.destination = request.by_client ? named : account_destination;
  request.encoding = encoding_of(first_value(headers, "Accept-Encoding"));
  request.headers = to_json(std::move(headers));
  return request;
}

TraceEncoding accepted_encoding(std::string_view block) {
  if (block.empty()) return TraceEncoding::kNone;
  return encoding_of(first_value(read_headers(block), "Accept-Encoding"));
}

}  // namespace midge::broker
