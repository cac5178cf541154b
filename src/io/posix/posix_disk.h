// The files of Linux.
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
  Result<void> remove_directory(const std::string& path) override;
  Result<void> rename_file(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override;
  Result<std::uint64_t> file_size(const std::string& path) override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_filesystem(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
};

}  // namespace midge::io
