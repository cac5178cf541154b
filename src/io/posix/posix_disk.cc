#include "io/posix/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"

namespace midge::io {

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

}  // namespace midge::io
