#include "sim/workload/stream_model.h"

#include <algorithm>

#include "sim/workload/delivery_model.h"

namespace midge::sim {
namespace {

constexpr int kWrongLastSequence = 10071;
constexpr int kStoreFailed = 10077;

}  // namespace

// ---- what there is

std::uint64_t ModelStream::first() const {
  if (last_ == 0) return 0;
  return messages_.empty() ? last_ + 1 : messages_.begin()->first;
}

std::uint64_t ModelStream::bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [sequence, message] : messages_) bytes += message.size;
  return bytes;
}

std::uint64_t ModelStream::subjects() const {
  std::set<std::string> subjects;
  for (const auto& [sequence, message] : messages_) subjects.insert(message.subject);
  return subjects.size();
}

std::vector<std::uint64_t> ModelStream::of_subject(const std::string& subject) const {
  std::vector<std::uint64_t> found;
  for (const auto& [sequence, message] : messages_)
    if (message.subject == subject) found.push_back(sequence);
  return found;
}

// ---- messages come

bool ModelStream::is_expected(const Publish& publish) const {
  const auto there = of_subject(publish.subject);
  const std::uint64_t last_of_subject = there.empty() ? 0 : there.back();
  return publish.expected_last.value_or(last_) == last_ &&
         publish.expected_last_of_subject.value_or(last_of_subject) == last_of_subject;
}

int ModelStream::refusal(const Publish& publish, std::uint64_t size) const {
  const auto of_subject_there = of_subject(publish.subject);
  if (!terms_.discard_new) return 0;
  const bool subject_is_full =
      terms_.max_per_subject > 0 &&
      of_subject_there.size() >= static_cast<std::size_t>(terms_.max_per_subject);
  if (subject_is_full) return terms_.new_per_subject ? kStoreFailed : 0;
  if (terms_.max_messages > 0 && messages_.size() >= static_cast<std::size_t>(terms_.max_messages))
    return kStoreFailed;
  if (terms_.max_bytes > 0 && bytes() + size > static_cast<std::uint64_t>(terms_.max_bytes))
    return kStoreFailed;
  return 0;
}

ModelStream::Answer ModelStream::publish(const Publish& publish, int phase) {
  if (!is_expected(publish)) return {0, false, kWrongLastSequence};
  if (const auto seen = ids_.find(publish.id);
      !publish.id.empty() && seen != ids_.end() && seen->second.second + terms_.window >= phase)
    return {seen->second.first, true, 0};
  // As nats-server counts.
  const std::uint64_t overhead = terms_.memory ? 16 : publish.header_size > 0 ? 34 : 30;
  const std::uint64_t size =
      publish.subject.size() + publish.header_size + publish.body.size() + overhead;
  if (const int error = refusal(publish, size); error != 0) return {0, false, error};
  const std::uint64_t sequence = ++last_;
  if (!publish.id.empty()) ids_[publish.id] = {sequence, phase};
  const bool is_wanted = std::ranges::any_of(
      consumers_, [&](const auto& each) { return each.second.wants(publish.subject); });
  if (terms_.retention == StreamTerms::Retention::kInterest && !is_wanted)
    return {sequence, false, 0};
  messages_[sequence] = {publish.subject, publish.body, publish.id,   size,
                         phase,           publish.ttl,  publish.stays};
  keep_limits();
  if (publish.rollup == Publish::Rollup::kSubject) purge(publish.subject, 0, 1);
  if (publish.rollup == Publish::Rollup::kAll) purge("", sequence, 0);
  return {sequence, false, 0};
}

// ---- messages go

void ModelStream::keep_limits() {
  if (terms_.max_per_subject > 0) {
    std::set<std::string> subjects;
    for (const auto& [sequence, message] : messages_) subjects.insert(message.subject);
    for (const std::string& subject : subjects) {
      const auto there = of_subject(subject);
      for (std::size_t i = 0; i + static_cast<std::size_t>(terms_.max_per_subject) < there.size();
           ++i)
        remove(there[i]);
    }
  }
  if (terms_.discard_new) return;
  while (terms_.max_messages > 0 &&
         messages_.size() > static_cast<std::size_t>(terms_.max_messages))
    remove(messages_.begin()->first);
  while (terms_.max_bytes > 0 && bytes() > static_cast<std::uint64_t>(terms_.max_bytes))
    remove(messages_.begin()->first);
}

bool ModelStream::remove(std::uint64_t sequence) {
  if (messages_.erase(sequence) == 0) return false;
  for (auto& [name, consumer] : consumers_) consumer.on_removed(sequence);
  return true;
}

std::uint64_t ModelStream::purge(const std::string& filter, std::uint64_t below,
                                 std::uint64_t keep) {
  std::vector<std::uint64_t> going;
  for (const auto& [sequence, message] : messages_)
    if ((filter.empty() || matches(filter, message.subject)) && (below == 0 || sequence < below))
      going.push_back(sequence);
  going.resize(going.size() - std::min<std::size_t>(keep, going.size()));
  for (const std::uint64_t sequence : going) remove(sequence);
  return going.size();
}

void ModelStream::update(StreamTerms terms, int phase) {
  terms_ = std::move(terms);
  keep_limits();
  expire(phase - 1);
}

void ModelStream::expire(int phase) {
  std::vector<std::uint64_t> going;
  for (const auto& [sequence, message] : messages_) {
    const bool is_old = terms_.max_age != kNoPhase && message.stored + terms_.max_age <= phase;
    const bool is_over = message.ttl != kNoPhase && message.stored + message.ttl <= phase;
    if ((is_old || is_over) && !message.stays) going.push_back(sequence);
  }
  for (const std::uint64_t sequence : going) remove(sequence);
}

void ModelStream::restart(int phase) {
  // Ids are known by the messages that have them.
  std::erase_if(ids_, [&](const auto& known) { return !messages_.contains(known.second.first); });
  for (auto& [name, consumer] : consumers_) consumer.restart(phase);
  if (!consumers_.empty()) sweep();
}

// ---- consumers

ModelConsumer& ModelStream::add_consumer(ConsumerTerms terms) {
  const std::string name = terms.name;
  return consumers_.try_emplace(name, *this, std::move(terms)).first->second;
}

void ModelStream::remove_consumer(const std::string& name) {
  consumers_.erase(name);
  sweep();
}

bool ModelStream::is_needed(std::uint64_t sequence) const {
  const std::string& subject = messages_.at(sequence).subject;
  return std::ranges::any_of(consumers_, [&](const auto& each) {
    return each.second.wants(subject) && !each.second.is_done_with(sequence);
  });
}

void ModelStream::acked(std::uint64_t sequence) {
  if (!messages_.contains(sequence) || terms_.retention == StreamTerms::Retention::kLimits) return;
  if (terms_.retention == StreamTerms::Retention::kWorkQueue || !is_needed(sequence))
    remove(sequence);
}

void ModelStream::sweep() {
  if (terms_.retention != StreamTerms::Retention::kInterest) return;
  std::vector<std::uint64_t> going;
  for (const auto& [sequence, message] : messages_)
    if (!is_needed(sequence)) going.push_back(sequence);
  for (const std::uint64_t sequence : going) remove(sequence);
}

}  // namespace midge::sim
