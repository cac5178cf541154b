// A disk that knows whole files only: what tests' disks derive from whose code opens none.
#pragma once

#include "io/disk.h"

namespace midge::io {

class WholeFileDisk : public Disk {
 public:
  Result<void> remove_directory(const std::string& path) override { return refuse(path); }
  Result<std::uint64_t> file_size(const std::string& path) override { return refuse(path); }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode) override {
    return refuse(path);
  }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<void> sync_filesystem(const std::string&) override { return {}; }
  Result<DiskSpace> space(const std::string& path) override { return refuse(path); }
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override { return refuse(path); }

 private:
  static std::unexpected<Error> refuse(const std::string& path) {
    return failure(path + ": this disk knows whole files only", ErrorCode::kInvalid);
  }
};

}  // namespace midge::io
