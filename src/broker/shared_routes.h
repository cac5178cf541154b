// Routes that many subjects share: all that begin with the same two tokens, where no subscription
// looks at what follows. So the inboxes of one client, or the keys of one bucket, need one match
// for all of them, although each is used once.
//
// Subjects of three tokens share one route, those of more another. A subscription to the very
// subject is looked up each time. Kept on second sight of a beginning. Thread: the loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "broker/route.h"
#include "subject/interest_index.h"

namespace midge::broker {

class SharedRoutes {
 public:
  using Key = subject::InterestIndex::GenerationKey;

  explicit SharedRoutes(const subject::InterestIndex& index) : index_(index) {}

  // `key` and `generation` are those of `subject` now. Null: it has to be matched. Valid until the
  // next call of keep() or clear().
  [[nodiscard]] Route* find(AccountId account, std::string_view subject, Key key,
                            std::uint64_t generation) const;
  // The same for a subject that begins as the last one did, which needs no key.
  [[nodiscard]] Route* find_again(AccountId account, std::string_view subject) const;
  // `route` was made for its subject, and others share it (subject::MatchResult). Returns where it
  // is now.
  Route& keep(Route& route);
  void clear() {
    last_ = nullptr;
    slots_.reset();
  }

 private:
  static constexpr std::size_t kSlots = 512;
  struct Slot {
    std::uint32_t candidate = 0;  // the beginning seen last, as a hash
    AccountId account;
    std::string beginning;  // two tokens; "" = free
    std::uint64_t generation = 0;
    std::unique_ptr<Route> three, more;
  };

  // The one of the slot's two that is for `subject`, if the slot is for it.
  [[nodiscard]] Route* look_into(const Slot& slot, AccountId account,
                                 std::string_view subject) const;

  const subject::InterestIndex& index_;
  mutable const Slot* last_ = nullptr;  // where something was found last, by this key
  mutable Key last_key_{};
  std::unique_ptr<std::array<Slot, kSlots>> slots_;  // made when first needed
};

}  // namespace midge::broker
