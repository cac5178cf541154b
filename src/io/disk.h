// Files and directories. Blocking: at start, at reload and at exit, or on pool threads.
//
// What survives a power cut: a file's bytes once File::sync() has returned, and a name (made,
// renamed or removed) once sync_directory() has returned for the directory it is in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file.h"

namespace midge::io {

enum class OpenMode : std::uint8_t {
  kRead,
  kWrite,   // and read; made if it is not there
  kCreate,  // as kWrite; kExists if it is there
};

struct DiskSpace {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  // to this process
};

// A lock that this process holds on a file until this is destroyed, or the process ends.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  // Errors: kNotFound, kPermission, kIo; texts as `open <path>: no such file or directory`.
  virtual Result<std::string> read_file(const std::string& path) = 0;
  // Creates or replaces the whole file.
  virtual Result<void> write_file(const std::string& path, std::string_view content) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  // Names of what is in a directory, in no order.
  virtual Result<std::vector<std::string>> list_directory(const std::string& path) = 0;
  // With its parents; one that is there already is fine.
  virtual Result<void> make_directory(const std::string& path) = 0;
  // An empty one.
  virtual Result<void> remove_directory(const std::string& path) = 0;
  // Replaces `to` at once.
  virtual Result<void> rename_file(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  [[nodiscard]] virtual bool is_directory(const std::string& path) = 0;
  virtual Result<std::uint64_t> file_size(const std::string& path) = 0;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // All files and directories of the filesystem that `path` is on.
  virtual Result<void> sync_filesystem(const std::string& path) = 0;
  virtual Result<DiskSpace> space(const std::string& path) = 0;
  // Makes the file if need be. kInUse: another process, or this one, holds it.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

}  // namespace midge::io
