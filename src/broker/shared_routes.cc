#include "broker/shared_routes.h"

#include <utility>

#include "subject/tokens.h"

namespace midge::broker {
namespace {

enum class Rest : std::uint8_t { kBroken, kOneToken, kTokens };

// What follows a beginning and its dot. Broken: it has an empty token.
Rest look_at(std::string_view rest) {
  subject::Tokens tokens(rest);
  if (tokens.take().empty()) return Rest::kBroken;
  if (tokens.done()) return Rest::kOneToken;
  do {
    if (tokens.take().empty()) return Rest::kBroken;
  } while (!tokens.done());
  return Rest::kTokens;
}

}  // namespace

Route* SharedRoutes::find(AccountId account, std::string_view subject, Key key,
                          std::uint64_t generation) const {
  if (!slots_) return nullptr;
  const Slot& slot = (*slots_)[key.second % kSlots];
  if (slot.generation != generation) return nullptr;
  Route* const route = look_into(slot, account, subject);
  if (route != nullptr) {
    last_ = &slot;
    last_key_ = key;
  }
  return route;
}

Route* SharedRoutes::find_again(AccountId account, std::string_view subject) const {
  if (last_ == nullptr || last_->generation != index_.generation(last_key_)) return nullptr;
  return look_into(*last_, account, subject);
}

Route* SharedRoutes::look_into(const Slot& slot, AccountId account,
                               std::string_view subject) const {
  const std::size_t size = slot.beginning.size();
  if (slot.account != account || size == 0) return nullptr;
  if (subject.size() <= size || subject[size] != '.' || !subject.starts_with(slot.beginning))
    return nullptr;
  const Rest rest = look_at(subject.substr(size + 1));
  if (rest == Rest::kBroken) return nullptr;
  Route* const route = (rest == Rest::kOneToken ? slot.three : slot.more).get();
  if (route == nullptr || index_.has_literal(account, subject)) return nullptr;
  return route;
}

Route& SharedRoutes::keep(Route& route) {
  const std::string_view subject = route.subject;
  subject::Tokens tokens(subject);
  std::string_view last = tokens.take();
  if (tokens.done()) return route;
  last = tokens.take();
  if (tokens.done()) return route;
  const auto size = static_cast<std::size_t>(last.data() + last.size() - subject.data());
  const std::string_view beginning = subject.substr(0, size);
  const Rest rest = look_at(subject.substr(size + 1));
  if (rest == Rest::kBroken) return route;
  if (!slots_) slots_ = std::make_unique<std::array<Slot, kSlots>>();
  Slot& slot = (*slots_)[route.key.second % kSlots];
  if (slot.account != route.account || slot.beginning != beginning) {
    const std::uint32_t candidate = route.key.second | 1;
    if (std::exchange(slot.candidate, candidate) != candidate) return route;
    if (last_ == &slot) last_ = nullptr;  // its key is another one now
    slot = {candidate, route.account, std::string(beginning), route.generation, nullptr, nullptr};
  }
  if (slot.generation != route.generation) {
    slot.generation = route.generation;
    slot.three.reset();
    slot.more.reset();
  }
  std::unique_ptr<Route>& place = rest == Rest::kOneToken ? slot.three : slot.more;
  place = std::make_unique<Route>(std::exchange(route, Route()));
  return *place;
}

}  // namespace midge::broker
