#include "io/posix/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_file.h"

namespace midge::io {
namespace {

// flock: it goes with the last descriptor, so that no crash leaves it behind.
class PosixLock final : public DiskLock {
 public:
  explicit PosixLock(PosixFd fd) : fd_(std::move(fd)) {}

 private:
  const PosixFd fd_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kWrite:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  std::unreachable();
}

}  // namespace

Result<std::string> PosixDisk::read_file(const std::string& path) {
  const PosixFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return system_failure("open " + path, errno);
  std::string content;
  char chunk[16 * 1024];
  while (true) {
    const ssize_t count = ::read(fd.get(), chunk, sizeof chunk);
    if (count == 0) return content;
    if (count > 0) {
      content.append(chunk, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return system_failure("read " + path, errno);
    }
  }
}

Result<void> PosixDisk::write_file(const std::string& path, std::string_view content) {
  const PosixFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return system_failure("open " + path, errno);
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count >= 0) {
      content.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return system_failure("write " + path, errno);
    }
  }
  return {};
}

Result<void> PosixDisk::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return system_failure("remove " + path, errno);
  return {};
}

Result<std::vector<std::string>> PosixDisk::list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory) return system_failure("open " + path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_failure("read " + path, errno);
  return names;
}

Result<void> PosixDisk::make_directory(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST)
      return system_failure("mkdir " + part, errno);
    if (end == path.npos) break;
  }
  if (!is_directory(path)) return system_failure("mkdir " + path, ENOTDIR);
  return {};
}

Result<void> PosixDisk::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) != 0) return system_failure("remove " + path, errno);
  return {};
}

Result<void> PosixDisk::rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("rename " + from, errno);
  return {};
}

bool PosixDisk::exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

bool PosixDisk::is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::uint64_t> PosixDisk::file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_failure("stat " + path, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, OpenMode mode) {
  PosixFd fd(::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644));
  if (!fd.valid()) return system_failure("open " + path, errno);
  return std::make_unique<PosixFile>(std::move(fd), path);
}

Result<void> PosixDisk::sync_directory(const std::string& path) {
  const PosixFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return system_failure("open " + path, errno);
  if (::fsync(fd.get()) != 0) return system_failure("sync " + path, errno);
  return {};
}

Result<void> PosixDisk::sync_filesystem(const std::string& path) {
  const PosixFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return system_failure("open " + path, errno);
  if (::syncfs(fd.get()) != 0) return system_failure("sync " + path, errno);
  return {};
}

Result<DiskSpace> PosixDisk::space(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return system_failure("stat " + path, errno);
  const std::uint64_t unit = status.f_frsize;
  return DiskSpace{.total = status.f_blocks * unit, .available = status.f_bavail * unit};
}

Result<std::unique_ptr<DiskLock>> PosixDisk::lock(const std::string& path) {
  PosixFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return system_failure("open " + path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return failure("lock " + path + ": held by another process", ErrorCode::kInUse);
    return system_failure("lock " + path, errno);
  }
  return std::make_unique<PosixLock>(std::move(fd));
}

}  // namespace midge::io
