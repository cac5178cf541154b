// What one (account, subject) is subscribed to by, and the queue groups within it. Private to this
// room; others hold an Interest* inside a Registration only.
//
// One malloc'ed block each: the object, then its text. Nearly every subscription is the only one of
// its subject, so that case costs one block. Writers hold the lock of the interest's shard; readers
// hold nothing. An interest that has become empty is unlinked and retired by its owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "subject/match_result.h"
#include "subject/reclaimer.h"
#include "subject/slot_list.h"
#include "subject/target_set.h"

namespace midge::subject {

class QueueGroup {
 public:
  static QueueGroup* create(std::string_view name, std::uint32_t name_hash);
  [[nodiscard]] std::string_view name() const {
    return {reinterpret_cast<const char*>(this + 1), length_};
  }
  [[nodiscard]] std::uint64_t name_hash() const { return name_hash_; }
  TargetSet members;

 private:
  QueueGroup(std::uint32_t length, std::uint32_t name_hash)
      : length_(length), name_hash_(name_hash) {}
  const std::uint32_t length_;
  const std::uint32_t name_hash_;
};

class Interest {
 public:
  static Interest* create(AccountId account, std::string_view subject, bool literal);
  // Only while nobody reads: frees it with all it owns.
  static void destroy(Interest* interest);

  [[nodiscard]] AccountId account() const { return account_; }
  [[nodiscard]] std::string_view subject() const {
    return {reinterpret_cast<const char*>(this + 1), length_ & kLengthBits};
  }
  [[nodiscard]] bool literal() const { return (length_ & kWildcardBit) == 0; }

  // Any thread.
  void append_to(MatchResult& into) const;

  // The plain target if there is exactly one. Any thread.
  [[nodiscard]] std::optional<Target> only_target() const { return plain_.only(); }

  // The writer. `group` null means a plain target. A group left without members goes away.
  void add(QueueGroup* group, Target target, Reclaimer& reclaimer);
  void remove(QueueGroup* group, Target target, Reclaimer& reclaimer);
  // The group of this name, made if need be; the caller adds a member at once.
  QueueGroup* group_named(std::string_view name, std::uint32_t name_hash, LoopId near,
                          Reclaimer& reclaimer);
  [[nodiscard]] bool empty() const {
    return plain_.empty() && groups_.load(std::memory_order_relaxed) == nullptr;
  }

 private:
  struct GroupPolicy {
    static std::uint64_t hash(std::uint64_t bits) {
      return reinterpret_cast<const QueueGroup*>(bits)->name_hash();
    }
  };
  using Groups = SlotList<GroupPolicy>;

  static constexpr std::uint32_t kWildcardBit = 1U << 31;
  static constexpr std::uint32_t kLengthBits = kWildcardBit - 1;

  Interest(AccountId account, std::uint32_t length) : account_(account), length_(length) {}
  void link(QueueGroup* group, LoopId near, Reclaimer& reclaimer);
  void unlink(QueueGroup* group, LoopId near, Reclaimer& reclaimer);

  const AccountId account_;
  const std::uint32_t length_;
  TargetSet plain_;
  std::atomic<Groups*> groups_{nullptr};
};

}  // namespace midge::subject
