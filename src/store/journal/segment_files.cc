#include "store/journal/segment_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "store/journal/last_made.h"

namespace midge::store {
namespace {

constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 8;

bool is_segment(const std::string& name) { return name.ends_with(kSuffix); }

Result<std::unique_ptr<io::File>> make_new(io::Disk& disk, const std::string& folder,
                                           const std::string& path, std::uint64_t size) {
  // A file that is there was left by an attempt of this run that failed.
  ASSIGN_OR_RETURN(auto file, disk.open(path, io::OpenMode::kWrite));
  auto ready = [&]() -> Result<void> {
    TRY(file->allocate(size));
    TRY(file->sync());
    return disk.sync_directory(folder);
  }();
  if (ready) return file;
  file.reset();
  (void)disk.remove_file(path);  // half of it takes space, and says nothing
  return std::unexpected(std::move(ready).error());
}

}  // namespace

std::string segment_path(const std::string& folder, std::uint32_t number) {
  char digits[kDigits + 1];
  std::snprintf(digits, sizeof digits, "%08x", number);
  return folder + '/' + digits + std::string(kSuffix);
}

Result<std::vector<std::uint32_t>> list_segments(io::Disk& disk, const std::string& folder) {
  std::vector<std::uint32_t> numbers;
  if (!disk.is_directory(folder)) return numbers;
  ASSIGN_OR_RETURN(const auto names, disk.list_directory(folder));
  for (const std::string& name : names) {
    std::uint32_t number = 0;
    const char* const end = name.data() + kDigits;
    if (name.size() == kDigits + kSuffix.size() && is_segment(name) &&
        std::from_chars(name.data(), end, number, 16).ptr == end)
      numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<SegmentFile> make_segment(io::Disk& disk, const std::string& folder,
                                 const std::string& free_folder, std::uint32_t number,
                                 std::uint64_t size) {
  const std::string path = segment_path(folder, number);
  ASSIGN_OR_RETURN(const auto names, disk.list_directory(free_folder));
  for (const std::string& name : names) {
    const std::string free_path = free_folder + '/' + name;
    if (!is_segment(name)) continue;
    if (disk.file_size(free_path).value_or(size) != size) {  // of other options
      (void)disk.remove_file(free_path);
      continue;
    }
    if (!disk.rename_file(free_path, path)) continue;  // another journal was faster
    TRY(disk.sync_directory(folder));
    TRY(disk.sync_directory(free_folder));
    ASSIGN_OR_RETURN(auto file, disk.open(path, io::OpenMode::kWrite));
    return SegmentFile{std::move(file), false};
  }
  ASSIGN_OR_RETURN(auto file, make_new(disk, folder, path, size));
  return SegmentFile{std::move(file), true};
}

Result<void> let_go(io::Disk& disk, const std::string& path, const std::string& free_folder,
                    Spent spent) {
  const auto slash = path.rfind('/');
  const std::string folder = path.substr(0, slash);
  ASSIGN_OR_RETURN(const auto free_names, disk.list_directory(free_folder));
  if (spent == Spent::kRemove || free_names.size() >= kFreeSegmentsMax) {
    TRY(disk.remove_file(path));
    return disk.sync_directory(folder);
  }
  const std::string journal = folder.substr(folder.rfind('/') + 1);
  TRY(disk.rename_file(path, free_folder + '/' + journal + '-' + path.substr(slash + 1)));
  TRY(disk.sync_directory(free_folder));
  return disk.sync_directory(folder);
}

Result<void> let_go_of_journal(io::Disk& disk, const std::string& folder,
                               const std::string& free_folder, Spent spent) {
  ASSIGN_OR_RETURN(const auto numbers, list_segments(disk, folder));
  // First: nobody is to miss them.
  if (const std::string last = LastMade::path_in(folder); disk.exists(last)) {
    TRY(disk.remove_file(last));
    TRY(disk.sync_directory(folder));
  }
  for (const std::uint32_t number : numbers)
    TRY(let_go(disk, segment_path(folder, number), free_folder, spent));
  TRY(disk.remove_directory(folder));
  return disk.sync_directory(folder.substr(0, folder.rfind('/')));
}

Result<void> remove_free_segments(io::Disk& disk, const std::string& free_folder) {
  if (!disk.is_directory(free_folder)) return {};
  ASSIGN_OR_RETURN(const auto names, disk.list_directory(free_folder));
  for (const std::string& name : names)
    if (is_segment(name)) TRY(disk.remove_file(free_folder + '/' + name));
  return disk.sync_directory(free_folder);
}

}  // namespace midge::store
