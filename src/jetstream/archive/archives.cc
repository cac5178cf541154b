#include "jetstream/archive/archives.h"

#include <utility>

#include "jetstream/shard.h"

namespace midge::jetstream {

void ArchiveTask::wake() {
  if (archives_ == nullptr || std::exchange(awake_, true)) return;
  archives_->run_soon(id_);
}

void Archives::start(std::unique_ptr<ArchiveTask> task) {
  const std::uint64_t id = next_id_++;
  task->archives_ = this;
  task->id_ = id;
  ArchiveTask& started = *tasks_.emplace(id, std::move(task)).first->second;
  started.wake();
}

void Archives::run_soon(std::uint64_t id) {
  shard_.later([this, id] { run(id); });
}

void Archives::run(std::uint64_t id) {
  const auto found = tasks_.find(id);
  if (found == tasks_.end()) return;
  found->second->awake_ = false;
  if (found->second->run()) tasks_.erase(id);
}

void Archives::stream_removed(store::StreamId id) {
  for (const auto& [task_id, task] : tasks_) {
    task->stream_removed(id);
    task->wake();
  }
}

}  // namespace midge::jetstream
