// Files in memory.
#pragma once

#include <map>
#include <string>

#include "io/disk.h"
#include "sim/event_hash.h"

namespace midge::sim {

class SimDisk final : public io::Disk {
 public:
  explicit SimDisk(EventHash& hash) : hash_(hash) {}
  Result<std::string> read_file(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view content) override;
  Result<void> remove_file(const std::string& path) override;
  Result<std::vector<std::string>> list_directory(const std::string& path) override;
  // Directories are where files are: there is nothing to make.
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename_file(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool exists(const std::string& path) override { return files_.contains(path); }
  [[nodiscard]] bool is_directory(const std::string& path) override;

 private:
  EventHash& hash_;
  std::map<std::string, std::string> files_;
};

}  // namespace midge::sim
