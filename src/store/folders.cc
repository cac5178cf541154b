#include "store/folders.h"

namespace midge::store {

Result<void> make_durable_folder(io::Disk& disk, const std::string& path) {
  if (path.empty() || disk.is_directory(path)) return {};
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  TRY(make_durable_folder(disk, parent));
  TRY(disk.make_directory(path));
  return disk.sync_directory(parent.empty() ? "/" : parent);
}

}  // namespace midge::store
