#include "sim/workload/equality_terms.h"

#include <algorithm>

namespace midge::sim {
namespace {

std::string text(std::int64_t value) { return std::to_string(value); }
std::string text(Duration value) { return std::to_string(value.ns); }

template <class List, class Text>
std::string list(const List& values, Text&& each) {
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "" : ",") + each(value);
  return "[" + all + "]";
}

std::string quoted(const std::string& value) { return "\"" + value + "\""; }

// Ids are kept for no longer than messages.
int window_of(SimRandom& random, int max_age) {
  if (max_age == kNoPhase) return static_cast<int>(random.below(2));
  return max_age == 0 ? 0 : static_cast<int>(random.below(static_cast<std::uint64_t>(max_age)));
}

void draw_limits(SimRandom& random, StreamTerms& terms) {
  terms.max_messages = random.one_in(3) ? random.between(3, 12) : -1;
  terms.max_bytes = random.one_in(4) ? random.between(300, 900) : -1;
  terms.max_per_subject = random.one_in(3) ? random.between(1, 4) : -1;
  terms.new_per_subject = terms.discard_new && terms.max_per_subject > 0 && random.one_in(2);
  terms.max_age = random.one_in(4) ? static_cast<int>(random.below(3)) : kNoPhase;
  terms.window = window_of(random, terms.max_age);
}

}  // namespace

StreamTerms draw_stream(SimRandom& random, std::string name) {
  StreamTerms terms;
  terms.name = std::move(name);
  const auto kind = random.below(4);
  if (kind == 0) terms.retention = StreamTerms::Retention::kInterest;
  if (kind == 1) terms.retention = StreamTerms::Retention::kWorkQueue;
  terms.memory = random.one_in(4);
  terms.discard_new = random.one_in(4);
  terms.ttl = random.one_in(3);
  terms.rollup = random.one_in(2);
  draw_limits(random, terms);
  return terms;
}

StreamTerms draw_update(SimRandom& random, StreamTerms terms) {
  const StreamTerms before = terms;
  draw_limits(random, terms);
  // What is forgotten by a shorter window depends on when it is looked for.
  terms.window = before.window;
  const bool fits = terms.max_age == kNoPhase || terms.max_age > terms.window;
  if (before.max_age == 0 || !fits) terms.max_age = before.max_age;
  return terms;
}

std::optional<ConsumerTerms> draw_consumer(SimRandom& random, ModelStream& stream,
                                           std::string name) {
  using Policy = ConsumerTerms::Policy;
  const std::string& of = stream.terms().name;
  const auto retention = stream.terms().retention;
  ConsumerTerms terms;
  terms.name = std::move(name);
  terms.push = random.one_in(3);
  if (retention == StreamTerms::Retention::kWorkQueue) {
    std::string subject = of + "." + "abcd"[random.below(4)];
    if (stream.consumers().empty() && random.one_in(2)) subject = "";
    for (const auto& [other, model] : stream.consumers())
      if (model.terms().filters.empty() || model.terms().filters[0] == subject) return std::nullopt;
    if (!subject.empty()) terms.filters = {subject};
  } else {
    switch (random.below(5)) {
      case 0:
        terms.filters = {of + "." + "abcd"[random.below(4)]};
        break;
      case 1:
        terms.filters = {of + ".*"};
        break;
      case 2:
        terms.filters = {of + ".a", of + ".b"};
        break;
      default:
        break;
    }
    terms.policy = static_cast<Policy>(random.one_in(2) ? 0 : random.below(5));
    if (terms.policy == Policy::kLastPerSubject && terms.filters.empty())
      terms.filters = {of + ".>"};
    if (terms.policy == Policy::kFrom) terms.from = 1 + random.below(stream.last() + 3);
    if (random.one_in(3))
      terms.ack = random.one_in(2) ? ConsumerTerms::Ack::kAll : ConsumerTerms::Ack::kNone;
  }
  if (terms.ack == ConsumerTerms::Ack::kNone) return terms;
  terms.waits = {static_cast<int>(random.below(2))};
  if (random.one_in(4)) terms.waits.push_back(static_cast<int>(random.below(2)));
  // Acknowledged with others or given up before: nobody can tell from outside.
  const bool may_give_up =
      terms.ack == ConsumerTerms::Ack::kExplicit || retention != StreamTerms::Retention::kInterest;
  if (may_give_up && random.one_in(3))
    terms.max_deliver =
        static_cast<int>(random.between(static_cast<std::int64_t>(terms.waits.size()), 3));
  if (random.one_in(3)) terms.max_ack_pending = 1 + random.below(5);
  return terms;
}

std::string stream_body(const StreamTerms& terms) {
  static constexpr const char* kRetentions[] = {"limits", "interest", "workqueue"};
  std::string body = "{\"name\":" + quoted(terms.name) + ",\"subjects\":[" +
                     quoted(terms.name + ".>") + "],\"allow_direct\":true,\"retention\":" +
                     quoted(kRetentions[static_cast<int>(terms.retention)]);
  body += ",\"storage\":" + quoted(terms.memory ? "memory" : "file");
  if (terms.name.back() % 4 == 2) body += ",\"compression\":\"s2\"";
  body += ",\"max_msgs\":" + text(terms.max_messages) + ",\"max_bytes\":" + text(terms.max_bytes);
  body += ",\"max_msgs_per_subject\":" + text(terms.max_per_subject);
  if (terms.discard_new) body += ",\"discard\":\"new\"";
  if (terms.new_per_subject) body += ",\"discard_new_per_subject\":true";
  if (terms.max_age != kNoPhase) body += ",\"max_age\":" + text(phases(terms.max_age, kAges));
  // Within the shortest age; in the phase in which an id came it holds in either case.
  body += ",\"duplicate_window\":" + text(terms.max_age == 0 ? kAges : phases(terms.window, kIds));
  if (terms.ttl) body += ",\"allow_msg_ttl\":true";
  if (terms.rollup) body += ",\"allow_rollup_hdrs\":true";
  return body + "}";
}

std::string consumer_body(const StreamTerms& stream, const ConsumerTerms& terms) {
  static constexpr const char* kPolicies[] = {"all", "new", "last", "by_start_sequence",
                                              "last_per_subject"};
  static constexpr const char* kAcks[] = {"explicit", "all", "none"};
  std::string body = "{\"stream_name\":" + quoted(stream.name) +
                     ",\"config\":{\"durable_name\":" + quoted(terms.name);
  body += ",\"deliver_policy\":" + quoted(kPolicies[static_cast<int>(terms.policy)]);
  if (terms.policy == ConsumerTerms::Policy::kFrom)
    body += ",\"opt_start_seq\":" + std::to_string(terms.from);
  body += ",\"ack_policy\":" + quoted(kAcks[static_cast<int>(terms.ack)]);
  if (terms.filters.size() == 1) body += ",\"filter_subject\":" + quoted(terms.filters[0]);
  if (terms.filters.size() > 1) body += ",\"filter_subjects\":" + list(terms.filters, quoted);
  if (terms.push) body += ",\"deliver_subject\":" + quoted("deliver." + terms.name);
  if (terms.ack != ConsumerTerms::Ack::kNone) {
    const auto wait = [](int count) { return text(phases(count, kDue)); };
    body += terms.waits.size() == 1 ? ",\"ack_wait\":" + wait(terms.waits[0])
                                    : ",\"backoff\":" + list(terms.waits, wait);
    if (terms.max_deliver > 0) body += ",\"max_deliver\":" + text(terms.max_deliver);
    body += ",\"max_ack_pending\":" + std::to_string(terms.max_ack_pending);
  }
  return body + "}}";
}

std::string pull_body(std::uint64_t batch, bool no_wait, bool expires) {
  std::string body = "{\"batch\":" + std::to_string(batch);
  if (no_wait) body += ",\"no_wait\":true";
  if (expires) body += ",\"expires\":" + text(kRequests);
  return body + "}";
}

std::string publish_headers(const ModelStream::Publish& publish) {
  using Rollup = ModelStream::Publish::Rollup;
  std::string headers;
  const auto add = [&](const char* name, const std::string& value) {
    headers += std::string(name) + ": " + value + "\r\n";
  };
  if (!publish.id.empty()) add("Nats-Msg-Id", publish.id);
  if (publish.stays) add("Nats-TTL", "never");
  if (publish.ttl != kNoPhase) add("Nats-TTL", text(phases(publish.ttl, kAges).ns / seconds(1).ns));
  if (publish.rollup != Rollup::kNone)
    add("Nats-Rollup", publish.rollup == Rollup::kAll ? "all" : "sub");
  if (publish.expected_last)
    add("Nats-Expected-Last-Sequence", std::to_string(*publish.expected_last));
  if (publish.expected_last_of_subject)
    add("Nats-Expected-Last-Subject-Sequence", std::to_string(*publish.expected_last_of_subject));
  return headers;
}

}  // namespace midge::sim
