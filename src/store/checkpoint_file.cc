#include "store/checkpoint_file.h"

#include <utility>

namespace midge::store {
namespace {

constexpr const char* kNames[] = {"checkpoint", "checkpoint.copy"};

}  // namespace

Result<FoundCheckpoint> CheckpointFile::read(io::Disk& disk, const std::string& folder) {
  FoundCheckpoint found;
  for (const char* name : kNames) {
    const std::string path = folder + "/" + name;
    if (!disk.exists(path)) continue;
    const auto bytes = disk.read_file(path);
    auto checkpoint =
        bytes ? decode_checkpoint(*bytes) : Result<Checkpoint>(std::unexpected(bytes.error()));
    if (!checkpoint && checkpoint.error().code() == ErrorCode::kInvalid)
      return std::unexpected(checkpoint.error().within(path));
    if (!checkpoint)
      found.damaged.emplace_back(path, checkpoint.error().text());
    else if (checkpoint->generation > found.checkpoint.generation)
      found.checkpoint = std::move(*checkpoint);
  }
  if (found.checkpoint.generation == 0 && !found.damaged.empty())
    return failure("\"" + found.damaged[0].first + "\" is damaged (" + found.damaged[0].second +
                       "), and so is its copy, or it is not there: nothing was changed",
                   ErrorCode::kIo);
  return found;
}

Result<void> CheckpointFile::begin(std::uint32_t next_journal, std::vector<CheckpointPart> parts) {
  const std::lock_guard lock(mutex_);
  next_journal_ = next_journal;
  parts_ = std::move(parts);
  return write();
}

Result<void> CheckpointFile::replace(std::size_t index, CheckpointPart part) {
  const std::lock_guard lock(mutex_);
  CheckpointPart before = std::exchange(parts_[index], std::move(part));
  auto written = write();
  // Others may write next: they must not write what may not have become durable.
  if (!written) parts_[index] = std::move(before);
  return written;
}

Result<void> CheckpointFile::finish(std::uint32_t next_journal, std::vector<CheckpointPart> parts) {
  const std::lock_guard lock(mutex_);
  next_journal_ = next_journal;
  for (std::size_t i = 0; i < parts.size(); ++i) parts_[i] = std::move(parts[i]);
  return write();
}

// The new files, and all that they name; then their names.
Result<void> CheckpointFile::write() {
  if (sync_failed_) return failure("a sync of the store failed before", ErrorCode::kIo);
  const std::string bytes = encode(generation_ + 1, next_journal_, parts_);
  for (const char* name : kNames) TRY(disk_.write_file(folder_ + "/" + name + ".new", bytes));
  if (auto synced = disk_.sync_filesystem(folder_); !synced) {
    sync_failed_ = true;
    return synced;
  }
  ++generation_;
  for (const char* name : kNames) {
    const std::string path = folder_ + "/" + name;
    TRY(disk_.rename_file(path + ".new", path));
  }
  return disk_.sync_directory(folder_);
}

}  // namespace midge::store
