// One open file. Blocking: on pool threads, or at start and exit. Reads, writes and syncs may run
// beside one another on several threads; allocate() and truncate() run alone.
//
// A write is in the kernel when it returns and on the disk when a later sync() has returned. After
// a failed sync() nothing is known of earlier writes: the file must not be trusted, nor synced
// again in the hope of success.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "io/stream.h"

namespace midge::io {

class File {
 public:
  virtual ~File() = default;  // closes
  // Fewer bytes than asked for only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  // All of it, or an error (kNoSpace, kIo); then any part may have been written.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const Slice> from) = 0;
  // fdatasync.
  virtual Result<void> sync() = 0;
  // Space for bytes [0, size), zeros where nothing was written; the file is as long at least.
  virtual Result<void> allocate(std::uint64_t size) = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

}  // namespace midge::io
