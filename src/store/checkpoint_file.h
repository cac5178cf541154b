// The checkpoint's two files, which all loops write: each gives its own part anew, and the others'
// are written as they were given last. Docs: docs/formats/checkpoint.md.
//
// Thread: any; blocks. One at a time writes, the others wait.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "store/checkpoint.h"

namespace midge::store {

struct FoundCheckpoint {
  Checkpoint checkpoint;  // generation 0: there is none, as in a new store
  // Files that are damaged, and what is wrong with them. The other one says all.
  std::vector<std::pair<std::string, std::string>> damaged;
};

class CheckpointFile {
 public:
  // `disk` outlives it. `generation`: of the last checkpoint.
  CheckpointFile(io::Disk& disk, std::string folder, std::uint64_t generation)
      : disk_(disk), folder_(std::move(folder)), generation_(generation) {}

  // Errors: of the disk; kInvalid: another version; kIo: both are damaged.
  static Result<FoundCheckpoint> read(io::Disk& disk, const std::string& folder);

  // All parts of a run; they are on disk when it returns without an error. What they name must have
  // been written, not synced. No journal has this number or a higher one.
  Result<void> begin(std::uint32_t next_journal, std::vector<CheckpointPart> parts);
  // One part anew, as begin().
  Result<void> replace(std::size_t index, CheckpointPart part);
  // The first parts anew, which cover all journals below this number: the end of the run.
  Result<void> finish(std::uint32_t next_journal, std::vector<CheckpointPart> parts);

 private:
  Result<void> write();

  io::Disk& disk_;
  const std::string folder_;
  std::mutex mutex_;
  std::uint64_t generation_;
  std::uint32_t next_journal_ = 1;
  std::vector<CheckpointPart> parts_;
  // Then nobody knows which blocks' bytes are on disk: the journals are kept, and the next start,
  // which writes those blocks again, makes a checkpoint.
  bool sync_failed_ = false;
};

}  // namespace midge::store
