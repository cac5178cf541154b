// Whole files, read and written blocking.
#pragma once

#include "io/disk.h"

namespace midge::io {

class PosixDisk final : public Disk {
 public:
  Result<std::string> read_file(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view content) override;
  Result<void> remove_file(const std::string& path) override;
  Result<std::vector<std::string>> list_directory(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename_file(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override;
};

}  // namespace midge::io
