// Files. What exists so far serves configuration, pid and ports files; the store adds its own
// calls. Blocking: at start, at reload and at exit only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::io {

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
  // Replaces `to` at once.
  virtual Result<void> rename_file(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  [[nodiscard]] virtual bool is_directory(const std::string& path) = 0;
};

}  // namespace midge::io
