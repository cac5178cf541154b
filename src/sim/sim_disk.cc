#include "sim/sim_disk.h"

#include <algorithm>

namespace midge::sim {

Result<std::string> SimDisk::read_file(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end())
    return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
  return found->second;
}

Result<void> SimDisk::write_file(const std::string& path, std::string_view content) {
  hash_.add(SimEvent::kDisk, content.size(), path);
  files_[path] = content;
  return {};
}

Result<void> SimDisk::remove_file(const std::string& path) {
  if (files_.erase(path) == 0)
    return failure("remove " + path + ": no such file or directory", ErrorCode::kNotFound);
  hash_.add(SimEvent::kDisk, 0, path);
  return {};
}

Result<std::vector<std::string>> SimDisk::list_directory(const std::string& path) {
  const std::string prefix = path.ends_with('/') ? path : path + "/";
  std::vector<std::string> names;
  for (auto file = files_.lower_bound(prefix);
       file != files_.end() && file->first.starts_with(prefix); ++file) {
    std::string name = file->first.substr(prefix.size());
    name.resize(std::min(name.find('/'), name.size()));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

Result<void> SimDisk::rename_file(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const std::string content, read_file(from));
  TRY(write_file(to, content));
  return remove_file(from);
}

bool SimDisk::is_directory(const std::string& path) {
  const std::string prefix = path.ends_with('/') ? path : path + "/";
  const auto found = files_.lower_bound(prefix);
  return found != files_.end() && found->first.starts_with(prefix);
}

}  // namespace midge::sim
