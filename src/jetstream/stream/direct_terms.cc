#include "jetstream/stream/direct_terms.h"

#include <algorithm>

#include "codec/json_struct.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kBad = "408 Bad Request";
constexpr std::string_view kEmpty = "408 Empty Request";
constexpr std::string_view kMalformed = "408 Malformed Request";

// What most clients send: the subject of `{"last_by_subj":"…"}`, if that is all of it and has
// nothing that JSON writes in another way. "" = it is something else.
std::string_view only_last_by_subject(std::string_view body) {
  constexpr std::string_view kBegin = R"({"last_by_subj":")", kEnd = R"("})";
  if (!body.starts_with(kBegin) || body.size() < kBegin.size() + kEnd.size() ||
      !body.ends_with(kEnd))
    return {};
  body.remove_prefix(kBegin.size());
  body.remove_suffix(kEnd.size());
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  return std::ranges::all_of(body, is_plain) ? body : std::string_view{};
}

}  // namespace

template <class Visitor>
void describe(Visitor& v, DirectTerms& t) {
  v.unless_empty("seq", t.sequence).unless_empty("last_by_subj", t.last_by_subject);
  v.unless_empty("next_by_subj", t.next_by_subject).unless_empty("start_time", t.start_time);
  v.unless_empty("batch", t.batch).unless_empty("max_bytes", t.max_bytes);
  v.unless_empty("multi_last", t.multi_last).unless_empty("up_to_seq", t.up_to_sequence);
  v.unless_empty("up_to_time", t.up_to_time).unless_empty("no_hdr", t.no_header);
}

std::string_view DirectTerms::read(std::string_view body, std::string_view last_of) {
  if (body.empty() && last_of.empty()) return kEmpty;
  if (const std::string_view subject = only_last_by_subject(body); !subject.empty())
    last_by_subject = subject;
  else if (!body.empty() && !codec::read_json_struct(body, *this, false))
    return kMalformed;
  const bool has_last = !last_by_subject.empty(), has_next = !next_by_subject.empty();
  const bool says_something =
      sequence > 0 || has_last || has_next || start_time.has_value() || !multi_last.empty();
  if (!last_of.empty()) {
    if (says_something || batch != 0 || max_bytes != 0 || up_to_sequence > 0 || up_to_time)
      return kBad;
    last_by_subject = last_of;
    return {};
  }
  if (!says_something) return kEmpty;
  if (has_last && (sequence > 0 || has_next || start_time || batch != 0)) return kBad;
  if (sequence > 0 && start_time) return kBad;
  if (!multi_last.empty() && (has_last || has_next)) return kBad;
  if (up_to_sequence > 0 && up_to_time) return kBad;
  return {};
}

}  // namespace midge::jetstream
