// Backups as entries (docs/formats/archive.md): the state, consumers, messages, the end.
#include <algorithm>

#include "jetstream/archive/archive_entry.h"
#include "jetstream/archive/restore_format.h"

namespace midge::jetstream {
namespace {

// Of what is JSON: a consumer with a million pending messages fits.
constexpr std::uint64_t kJsonMax = 64 << 20;
// What an entry costs beside its bytes.
constexpr std::int64_t kEntryCost = 200;

constexpr std::string_view kBadRange =
    "invalid stream state: inconsistent message count or sequence range";

// Null: it is one.
const char* bad_state(const StreamState& state) {
  if (state.consumers < 0) return "invalid stream state: negative consumer count";
  const std::uint64_t first = state.first_sequence, last = state.last_sequence;
  if (first == 0) return last != 0 || state.messages != 0 ? kBadRange.data() : nullptr;
  if (first > last) return first - 1 != last || state.messages != 0 ? kBadRange.data() : nullptr;
  return state.messages > last - first + 1
             ? "invalid stream state: message count exceeds sequence range"
             : nullptr;
}

class EntryFormat final : public RestoreFormat {
 public:
  explicit EntryFormat(RestoreTarget& target) : target_(target) {}

  void feed(std::string_view plain) override {
    if (phase_ != Phase::kDone) reader_.feed(plain);
  }
  ApiResult<Progress> step(std::int64_t& budget) override;
  ApiResult<void> finish() override;

 private:
  // False: more must be fed.
  ApiResult<bool> take_entry();
  ApiResult<bool> take_state(const EntryHead& head);
  ApiResult<bool> take_consumer(const EntryHead& head);
  ApiResult<bool> take_message(const EntryHead& head);
  std::string cut_in();

  enum class Phase : std::uint8_t { kState, kConsumers, kMessages, kDone };
  RestoreTarget& target_;
  EntryReader reader_;
  Phase phase_ = Phase::kState;
  StreamState state_;
  std::int64_t consumers_left_ = 0;
};

ApiResult<RestoreFormat::Progress> EntryFormat::step(std::int64_t& budget) {
  while (phase_ != Phase::kDone) {
    if (budget <= 0) return Progress::kMore;
    const auto head = reader_.head();
    if (!head) return restore_failure(head.error().text());
    if (*head == nullptr) return Progress::kNeeds;
    budget -=
        static_cast<std::int64_t>(std::min<std::uint64_t>((*head)->size(), 1 << 30)) + kEntryCost;
    auto taken = take_entry();
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return Progress::kNeeds;
  }
  return Progress::kDone;
}

ApiResult<bool> EntryFormat::take_entry() {
  const EntryHead& head = **reader_.head();
  switch (phase_) {
    case Phase::kState:
      return take_state(head);
    case Phase::kConsumers:
      return take_consumer(head);
    case Phase::kMessages:
      return take_message(head);
    case Phase::kDone:
      break;
  }
  return false;
}

ApiResult<bool> EntryFormat::take_state(const EntryHead& head) {
  if (head.name != kStateEntry) return restore_failure("expected state.json first");
  if (head.size() > kJsonMax) return restore_failure("error in state.json: too large");
  const auto json = reader_.take();
  if (!json) return false;
  if (auto read = codec::read_json_struct(*json, state_, false); !read)
    return restore_failure("error in state.json: " + json_error(read.error()));
  if (const char* bad = bad_state(state_)) return restore_failure(bad);
  TRY(target_.begin({std::max<std::uint64_t>(state_.first_sequence, 1)}, state_.bytes));
  consumers_left_ = state_.consumers;
  phase_ = consumers_left_ > 0 ? Phase::kConsumers : Phase::kMessages;
  return true;
}

ApiResult<bool> EntryFormat::take_consumer(const EntryHead& head) {
  if (!head.name.starts_with(kConsumerPrefix))
    return restore_failure("expected consumer, found \"" + std::string(head.name) + "\"");
  const std::string name(head.name.substr(kConsumerPrefix.size()));
  if (head.size() > kJsonMax)
    return restore_failure("failed to decode consumer \"" + name + "\" state: too large");
  const auto json = reader_.take();
  if (!json) return false;
  auto consumer = read_archived_consumer(*json, name);
  if (!consumer) return restore_failure(consumer.error().text());
  TRY(target_.add_consumer(std::move(*consumer), name));
  if (--consumers_left_ == 0) phase_ = Phase::kMessages;
  return true;
}

ApiResult<bool> EntryFormat::take_message(const EntryHead& head) {
  if (head.sequence == 0) {
    if (!head.is_end()) return restore_failure("expected message sequence");
    phase_ = Phase::kDone;
    return true;
  }
  TRY(target_.check_message(head.sequence, head.header_size, head.payload_size));
  const EntryHead kept = head;  // its name stays until the next head
  const auto content = reader_.take();
  if (!content) return false;
  TRY(target_.add_message({kept.sequence},
                          {kept.name, content->substr(0, kept.header_size),
                           content->substr(kept.header_size), WallTime{kept.time}}));
  return true;
}

ApiResult<void> EntryFormat::finish() {
  if (phase_ == Phase::kDone) return target_.complete({state_.last_sequence});
  // As nats-server says it: where an entry could begin there is just no more.
  if (reader_.is_at_end() && !reader_.has_head()) return restore_failure("EOF");
  return restore_failure(cut_in() + "archive: invalid archive stream");
}

// What is not whole, for the error.
std::string EntryFormat::cut_in() {
  if (!reader_.has_head()) return {};
  const EntryHead& head = **reader_.head();
  if (phase_ == Phase::kState) return "error in state.json: ";
  if (phase_ == Phase::kConsumers)
    return "failed to decode consumer \"" + std::string(head.name.substr(kConsumerPrefix.size())) +
           "\" state: ";
  return "failed to read message sequence " + std::to_string(head.sequence) + ": ";
}

}  // namespace

std::unique_ptr<RestoreFormat> make_entry_format(RestoreTarget& target) {
  return std::make_unique<EntryFormat>(target);
}

}  // namespace midge::jetstream
