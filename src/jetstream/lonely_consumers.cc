#include "jetstream/lonely_consumers.h"

#include "jetstream/consumer/consumer.h"
#include "jetstream/stream/stream.h"
#include "subject/subject.h"

namespace midge::jetstream {

LonelyConsumers::Key LonelyConsumers::key_of(Consumer& consumer) {
  return {consumer.stream().account(), consumer.config().deliver_subject};
}

void LonelyConsumers::add(Consumer& consumer) {
  const auto added = consumers_.emplace(key_of(consumer), &consumer);
  watch_.add(loop_, added->first.first, added->first.second);
}

void LonelyConsumers::remove(Consumer& consumer) {
  const auto [begin, end] = consumers_.equal_range(key_of(consumer));
  for (auto it = begin; it != end; ++it) {
    if (it->second != &consumer) continue;
    watch_.remove(loop_, it->first.first, it->first.second);
    consumers_.erase(it);
    return;
  }
}

std::vector<Consumer*> LonelyConsumers::concerned(AccountId account,
                                                  std::string_view pattern) const {
  std::vector<Consumer*> found;
  const bool is_wild = !subject::is_literal(pattern);
  auto it = pattern.empty()
                ? consumers_.begin()
                : consumers_.lower_bound({account, is_wild ? "" : std::string(pattern)});
  for (; it != consumers_.end(); ++it) {
    const auto& [key, consumer] = *it;
    if (!pattern.empty()) {
      if (key.first != account || (!is_wild && key.second != pattern)) break;
      if (is_wild && !subject::matches(key.second, pattern)) continue;
    }
    found.push_back(consumer);
  }
  return found;
}

}  // namespace midge::jetstream
