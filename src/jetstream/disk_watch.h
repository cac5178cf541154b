// Looks whether the store's disk has room for what streams are given: once a second, and when half
// of it may have been used since. What was taken must find its place in blocks later, and what
// frees space must find its place in the journal: before all is used up, new messages are refused.
//
// Thread: loop 0, which it is started on; is_full() and took() any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "io/disk.h"
#include "io/timer.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

class DiskWatch {
 public:
  // Blocks for a first look.
  explicit DiskWatch(JetStream& jetstream);
  ~DiskWatch();

  void start();
  [[nodiscard]] bool is_full() const {
    return full_.load(std::memory_order_relaxed) || left_.load(std::memory_order_relaxed) <= 0;
  }
  // So much was given to a journal.
  void took(std::uint64_t bytes);

 private:
  class Look;
  void look_again();
  void look();
  void take(const Result<io::DiskSpace>& space);
  // What stays free, of a disk of this size.
  [[nodiscard]] std::uint64_t reserve(std::uint64_t total) const;

  JetStream& jetstream_;
  std::atomic<bool> full_{false};
  // What may still be taken, and below which of it somebody looks.
  std::atomic<std::int64_t> left_{INT64_MAX}, look_below_{0};
  std::atomic<bool> look_wanted_{false};
  bool under_way_ = false;
  // What jobs find us by; null when we are gone.
  std::shared_ptr<DiskWatch*> self_;
  io::MemberTimer<&DiskWatch::look_again> timer_{*this};
};

}  // namespace midge::jetstream
