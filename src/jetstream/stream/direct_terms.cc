#include "jetstream/stream/direct_terms.h"

#include "codec/json_struct.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kBad = "408 Bad Request";
constexpr std::string_view kEmpty = "408 Empty Request";
constexpr std::string_view kMalformed = "408 Malformed Request";

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
  if (!body.empty() && !codec::read_json_struct(body, *this, false)) return kMalformed;
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
