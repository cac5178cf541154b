// Backups that are being made of a loop's streams, and streams that are being restored on it.
//
// Each is a task that is run in steps, when something it waits for has come: acknowledgements,
// chunks, what the pool has worked out, a timer. Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "jetstream/fwd.h"
#include "store/ids.h"

namespace midge::jetstream {

class Archives;

class ArchiveTask {
 public:
  ArchiveTask() : self_(std::make_shared<ArchiveTask*>(this)) {}
  ArchiveTask(const ArchiveTask&) = delete;
  ArchiveTask& operator=(const ArchiveTask&) = delete;
  virtual ~ArchiveTask() { *self_ = nullptr; }

  // A step, within the loop's tick. True: it is over and is to be destroyed.
  virtual bool run() = 0;
  // The stream is about to be removed: nothing of it is touched any more.
  virtual void stream_removed(store::StreamId id) = 0;
  // It is run soon; any number of calls, from anywhere on the loop.
  void wake();

 protected:
  // What jobs find it by; null when it is gone.
  [[nodiscard]] std::shared_ptr<ArchiveTask*> self() const { return self_; }

 private:
  friend class Archives;
  std::shared_ptr<ArchiveTask*> self_;
  Archives* archives_ = nullptr;
  std::uint64_t id_ = 0;
  bool awake_ = false;
};

class Archives {
 public:
  explicit Archives(Shard& shard) : shard_(shard) {}

  void start(std::unique_ptr<ArchiveTask> task);
  void stream_removed(store::StreamId id);

 private:
  friend class ArchiveTask;
  void run_soon(std::uint64_t id);
  void run(std::uint64_t id);

  Shard& shard_;
  std::map<std::uint64_t, std::unique_ptr<ArchiveTask>> tasks_;
  std::uint64_t next_id_ = 1;
};

}  // namespace midge::jetstream
