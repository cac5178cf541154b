#include "io/posix/log_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <vector>

#include "io/posix/posix_error.h"

namespace midge::io {
namespace {

// `YYYY.MM.DD.hh.mm.ss.nnnnnnnnn`, local time.
std::string backup_suffix(WallTime now) {
  const time_t second = now.ns / 1'000'000'000;
  std::tm parts{};
  localtime_r(&second, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%Y.%m.%d.%H.%M.%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%09d", static_cast<int>(now.ns % 1'000'000'000));
  return text;
}

// Also of nine digits or fewer at the end: nats-server drops zeros there.
bool is_backup_suffix(std::string_view text) {
  constexpr std::string_view kPattern = "dddd.dd.dd.dd.dd.dd.";
  if (text.size() <= kPattern.size() || text.size() > kPattern.size() + 9) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool dot_expected = i < kPattern.size() && kPattern[i] == '.';
    if (dot_expected ? text[i] != '.' : !digit) return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path, LogFileLimits limits,
                                               LogFormat format) {
  std::unique_ptr<LogFile> file(new LogFile(path, limits, format));
  TRY(file->reopen());
  return file;
}

Result<void> LogFile::reopen() {
  PosixFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd.valid()) return system_failure("open " + path_, errno);
  struct stat status {};
  ::fstat(fd.get(), &status);
  size_ = status.st_size;
  fd_ = std::move(fd);
  return {};
}

bool LogFile::write(const LogLine& line) {
  const bool written = append(line);
  if (limits_.size > 0 && size_ > limits_.size) rotate(line.time);
  return written;
}

bool LogFile::append(const LogLine& line) {
  std::string_view rest = formatter_.format(line);
  while (!rest.empty()) {
    const ssize_t count = ::write(fd_.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(count));
    size_ += count;
  }
  return true;
}

// If it fails, the present file goes on and the next attempt comes after as many bytes again.
void LogFile::rotate(WallTime now) {
  const std::string backup = path_ + "." + backup_suffix(now);
  Result<void> done;
  if (::rename(path_.c_str(), backup.c_str()) != 0) {
    done = system_failure("rename " + path_, errno);
  } else {
    done = reopen();
  }
  if (!done) {
    size_ = 0;
    append({LogLevel::kError, now, "Unable to rotate log: " + done.error().text()});
    return;
  }
  append({LogLevel::kInfo, now, "Rotated log, backup saved as \"" + backup + "\""});
  if (limits_.files > 0) remove_oldest();
}

void LogFile::remove_oldest() {
  const auto slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const std::string prefix = path_.substr(slash + 1) + ".";
  std::vector<std::string> backups;  // their names sort by age
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(prefix) && is_backup_suffix(name.substr(prefix.size())))
      backups.emplace_back(name);
  }
  const auto kept = static_cast<std::size_t>(limits_.files - 1);
  if (backups.size() <= kept) return;
  std::sort(backups.begin(), backups.end());
  backups.resize(backups.size() - kept);
  for (const std::string& name : backups) ::unlink((folder + "/" + name).c_str());
}

}  // namespace midge::io
