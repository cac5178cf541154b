// Push consumers of one loop whose deliver subject nobody listens to. Thread: the loop's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/interest_watch.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

class LonelyConsumers {
 public:
  // `watch` outlives it.
  LonelyConsumers(broker::InterestWatch& watch, LoopId loop) : watch_(watch), loop_(loop) {}

  // It stays until it is removed, with the deliver subject it has now. Its interest is to be looked
  // at once more after this.
  void add(Consumer& consumer);
  void remove(Consumer& consumer);
  // Those that a subscription to `pattern` may concern, in an order that does not hang on
  // addresses; with an empty one all.
  [[nodiscard]] std::vector<Consumer*> concerned(AccountId account, std::string_view pattern) const;

 private:
  using Key = std::pair<AccountId, std::string>;
  static Key key_of(Consumer& consumer);

  broker::InterestWatch& watch_;
  LoopId loop_;
  std::multimap<Key, Consumer*> consumers_;  // by account and deliver subject
};

}  // namespace midge::jetstream
