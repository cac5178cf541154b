// A folder of a test's own, which goes with all that is in it.
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "io/posix/posix_disk.h"

namespace midge::io {

class TestFolder {
 public:
  TestFolder() {
    char pattern[] = "/tmp/midge-test-XXXXXX";
    ENSURE(::mkdtemp(pattern) != nullptr, "a temporary folder");
    path_ = pattern;
  }
  ~TestFolder() { remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  // `name` may have folders, which are made.
  void write(const std::string& name, std::string_view content) {
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
      ::mkdir(path(name.substr(0, slash)).c_str(), 0755);
    ENSURE(PosixDisk().write_file(path(name), content), "a file in a temporary folder");
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return PosixDisk().read_file(path(name)).value_or("");
  }
  [[nodiscard]] std::vector<std::string> names() const { return list(path_); }  // sorted

 private:
  static std::vector<std::string> list(const std::string& folder) {
    std::vector<std::string> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), &::closedir);
    if (listing == nullptr) return found;
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  static void remove_all(const std::string& path) {
    for (const std::string& name : list(path)) remove_all(path + "/" + name);
    ::remove(path.c_str());
  }

  std::string path_;
};

}  // namespace midge::io
