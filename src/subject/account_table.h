// One pointer for each account, found by its id without hashing. Does not own what it points to.
// Account ids count up from 0, so pages of the table appear as they are needed and stay.
//
// get(): any thread. get_or_make(): any thread, serialised by a lock of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/ids.h"
#include "subject/writer_lock.h"
#include "subject/zeroed_array.h"

namespace midge::subject {

template <class Value>
class AccountTable {
 public:
  AccountTable() : pages_(kPages) {}
  ~AccountTable() {
    for (std::size_t i = 0; i < pages_.size(); ++i) std::free(pages_[i].load());
  }

  [[nodiscard]] Value* get(AccountId account) const {
    if (account.value / kPageSize >= kPages) return nullptr;
    const Entry* page = pages_[account.value / kPageSize].load(std::memory_order_acquire);
    if (page == nullptr) return nullptr;
    return page[account.value % kPageSize].load(std::memory_order_acquire);
  }

  template <class Make>
  Value* get_or_make(AccountId account, Make make) {
    if (Value* value = get(account)) return value;
    ENSURE(account.value / kPageSize < kPages, "too many accounts");
    WriterGuard guard(lock_);
    std::atomic<Entry*>& page = pages_[account.value / kPageSize];
    if (page.load(std::memory_order_relaxed) == nullptr) {
      auto* fresh = static_cast<Entry*>(zeroed_memory(kPageSize * sizeof(Entry)));
      page.store(fresh, std::memory_order_release);
    }
    Entry& entry = page.load(std::memory_order_relaxed)[account.value % kPageSize];
    Value* value = entry.load(std::memory_order_relaxed);
    if (value == nullptr) {
      value = make();
      entry.store(value, std::memory_order_release);
    }
    return value;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      const Entry* page = pages_[i].load();
      for (std::uint32_t j = 0; page != nullptr && j < kPageSize; ++j)
        if (Value* value = page[j].load()) visit(*value);
    }
  }

 private:
  using Entry = std::atomic<Value*>;
  static constexpr std::uint32_t kPageSize = 1024;
  static constexpr std::uint32_t kPages = 4096;

  ZeroedArray<std::atomic<Entry*>> pages_;
  WriterLock lock_;
};

}  // namespace midge::subject
