#include "subject/interest.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#include "subject/interest_index.h"

namespace midge::subject {
namespace {

QueueGroup* group_of(std::uint64_t bits) { return reinterpret_cast<QueueGroup*>(bits); }

// The object and, right behind it, its text.
void* memory_with_text(std::size_t object, std::string_view text) {
  void* memory = std::malloc(object + text.size());
  ENSURE(memory != nullptr, "out of memory");
  if (!text.empty()) std::memcpy(static_cast<char*>(memory) + object, text.data(), text.size());
  return memory;
}

// Groups of one interest have different names, so only those of earlier interests are compared.
std::vector<Target>& members_named(std::string_view name, std::size_t earlier, MatchResult& into) {
  for (std::size_t i = 0; i < earlier; ++i)
    if (into.groups[i].name == name) return into.groups[i].members;
  return into.groups.emplace_back(std::string(name)).members;
}

}  // namespace

std::string_view Registration::subject() const { return interest->subject(); }

std::string_view Registration::queue() const {
  return group == nullptr ? std::string_view() : group->name();
}

QueueGroup* QueueGroup::create(std::string_view name, std::uint32_t name_hash) {
  auto length = static_cast<std::uint32_t>(name.size());
  return new (memory_with_text(sizeof(QueueGroup), name)) QueueGroup(length, name_hash);
}

Interest* Interest::create(AccountId account, std::string_view subject, bool literal) {
  ENSURE(subject.size() <= kLengthBits, "a subject of gigabytes");
  auto length = static_cast<std::uint32_t>(subject.size()) | (literal ? 0 : kWildcardBit);
  return new (memory_with_text(sizeof(Interest), subject)) Interest(account, length);
}

void Interest::destroy(Interest* interest) {
  interest->plain_.destroy();
  if (Groups* groups = interest->groups_.load(std::memory_order_relaxed)) {
    groups->for_each([](std::uint64_t bits) {
      group_of(bits)->members.destroy();
      std::free(group_of(bits));
    });
    std::free(groups);
  }
  std::free(interest);
}

void Interest::append_to(MatchResult& into) const {
  plain_.append_to(into.plain);
  const Groups* groups = groups_.load(std::memory_order_acquire);
  if (groups == nullptr) return;
  const std::size_t earlier = into.groups.size();
  groups->for_each([&into, earlier](std::uint64_t bits) {
    const QueueGroup* group = group_of(bits);
    group->members.append_to(members_named(group->name(), earlier, into));
    // A group that loses its last member just now must not be shown without members.
    if (into.groups.back().members.empty()) into.groups.pop_back();
  });
}

void Interest::add(QueueGroup* group, Target target, Reclaimer& reclaimer) {
  (group == nullptr ? plain_ : group->members).add(target, reclaimer);
}

void Interest::remove(QueueGroup* group, Target target, Reclaimer& reclaimer) {
  if (group == nullptr) return plain_.remove(target, reclaimer);
  group->members.remove(target, reclaimer);
  if (group->members.empty()) unlink(group, target.loop(), reclaimer);
}

QueueGroup* Interest::group_named(std::string_view name, std::uint32_t name_hash, LoopId near,
                                  Reclaimer& reclaimer) {
  if (const Groups* groups = groups_.load(std::memory_order_relaxed)) {
    std::uint32_t place = groups->find(
        name_hash, [name](std::uint64_t bits) { return group_of(bits)->name() == name; });
    if (place != Groups::kNowhere) return group_of(groups->at(place));
  }
  QueueGroup* group = QueueGroup::create(name, name_hash);
  link(group, near, reclaimer);
  return group;
}

void Interest::link(QueueGroup* group, LoopId near, Reclaimer& reclaimer) {
  auto bits = reinterpret_cast<std::uint64_t>(group);
  Groups* groups = groups_.load(std::memory_order_relaxed);
  if (groups != nullptr && !groups->full()) return groups->append(bits);
  Groups* larger = groups == nullptr ? Groups::create(1) : groups->compacted();
  larger->append(bits);
  groups_.store(larger, std::memory_order_release);
  if (groups != nullptr) reclaimer.retire(near, groups);
}

void Interest::unlink(QueueGroup* group, LoopId near, Reclaimer& reclaimer) {
  Groups* groups = groups_.load(std::memory_order_relaxed);
  std::uint32_t place = groups->find(
      group->name_hash(), [group](std::uint64_t bits) { return group_of(bits) == group; });
  ENSURE(place != Groups::kNowhere, "a queue group that its interest does not have");
  groups->remove(place);
  if (groups->live() == 0 || groups->sparse()) {
    groups_.store(groups->live() == 0 ? nullptr : groups->compacted(), std::memory_order_release);
    reclaimer.retire(near, groups);
  }
  reclaimer.retire(near, group);
}

}  // namespace midge::subject
