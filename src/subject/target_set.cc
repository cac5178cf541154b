#include "subject/target_set.h"

#include <bit>
#include <cstdlib>

#include "base/check.h"

namespace midge::subject {
namespace {

Target target_of(std::uint64_t bits) { return std::bit_cast<Target>(bits); }

}  // namespace

void TargetSet::append_to(std::vector<Target>& into) const {
  std::uint64_t word = word_.load(std::memory_order_acquire);
  if (!is_list(word)) {
    into.push_back(target_of(word));
  } else if (word != kNothing) {
    list_of(word)->for_each([&into](std::uint64_t bits) { into.push_back(target_of(bits)); });
  }
}

std::optional<Target> TargetSet::only() const {
  const std::uint64_t word = word_.load(std::memory_order_acquire);
  if (is_list(word)) return std::nullopt;
  return target_of(word);
}

void TargetSet::add(Target target, Reclaimer& reclaimer) {
  ENSURE(!is_list(target.bits()), "a target of a loop that cannot exist");
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (word == kNothing) {
    word_.store(target.bits(), std::memory_order_release);
    return;
  }
  if (!is_list(word)) {
    List* list = List::create(List::kCapacityMin);
    list->append(word);
    list->append(target.bits());
    publish(list);
    return;
  }
  List* list = list_of(word);
  if (!list->full()) return list->append(target.bits());
  List* larger = list->compacted();
  larger->append(target.bits());
  publish(larger);
  reclaimer.retire(target.loop(), list);
}

void TargetSet::remove(Target target, Reclaimer& reclaimer) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (word == target.bits()) {
    word_.store(kNothing, std::memory_order_release);
    return;
  }
  ENSURE(is_list(word) && word != kNothing, "removing a target that is not in the set");
  List* list = list_of(word);
  std::uint32_t place = list->find(Policy::hash(target.bits()),
                                   [target](std::uint64_t bits) { return bits == target.bits(); });
  ENSURE(place != List::kNowhere, "removing a target that is not in the set");
  list->remove(place);
  if (list->live() == 1) {
    std::uint64_t last = kNothing;
    list->for_each([&last](std::uint64_t bits) { last = bits; });
    word_.store(last, std::memory_order_release);
  } else if (list->sparse()) {
    publish(list->compacted());
  } else {
    return;
  }
  reclaimer.retire(target.loop(), list);
}

void TargetSet::destroy() {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (is_list(word)) std::free(list_of(word));
  word_.store(kNothing, std::memory_order_relaxed);
}

}  // namespace midge::subject
