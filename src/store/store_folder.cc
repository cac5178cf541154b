#include "store/store_folder.h"

#include <algorithm>
#include <charconv>

namespace midge::store {
namespace {

constexpr std::string_view kFormat = "midge store 1\n";

std::string hex(std::uint64_t number, std::size_t width) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(width, '0');
  for (std::size_t i = width; i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

}  // namespace

Result<std::unique_ptr<StoreFolder>> StoreFolder::open(io::Disk& disk, const std::string& store_dir,
                                                       const std::string& domain) {
  if (disk.is_directory(store_dir + "/jetstream"))
    return failure("\"" + store_dir +
                       "/jetstream\" is a store of nats-server: to bring its data "
                       "over, back it up there with 'nats account backup', start with an empty "
                       "store_dir, and restore with 'nats account restore'",
                   ErrorCode::kInvalid);
  const std::string path = store_dir + "/midge/" + (domain.empty() ? "_" : domain);
  TRY(disk.make_directory(path));
  std::unique_ptr<StoreFolder> folder(new StoreFolder(disk, path));
  auto lock = disk.lock(path + "/lock");
  if (!lock) {
    if (lock.error().code() == ErrorCode::kInUse)
      return failure("\"" + path + "\" is used by another server", ErrorCode::kInUse);
    return std::unexpected(lock.error());
  }
  folder->lock_ = std::move(*lock);
  TRY(folder->check_format());
  TRY(folder->find_journals());
  return folder;
}

Result<void> StoreFolder::check_format() {
  const std::string file = path_ + "/format";
  if (disk_.exists(file)) {
    ASSIGN_OR_RETURN(const std::string format, disk_.read_file(file));
    if (format == kFormat) return {};
    return failure("\"" + path_ + "\" was written by another version: " + format.substr(0, 40),
                   ErrorCode::kInvalid);
  }
  TRY(disk_.write_file(file, kFormat));
  TRY(disk_.make_directory(path_ + "/journal"));
  TRY(disk_.make_directory(path_ + "/streams"));
  return disk_.sync_filesystem(path_);
}

Result<void> StoreFolder::find_journals() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, disk_.list_directory(path_ + "/journal"));
  for (const std::string& name : names) {
    std::uint32_t id = 0;
    const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
    if (status != std::errc() || end != name.data() + name.size() || name.size() != 8) continue;
    old_journals_.push_back(id);
    next_journal_id_ = std::max(next_journal_id_, id + 1);
  }
  std::ranges::sort(old_journals_);
  return {};
}

std::string StoreFolder::journal_folder(std::uint32_t id) const {
  return path_ + "/journal/" + hex(id, 8);
}

std::string StoreFolder::blocks_folder(StreamId id) const {
  return path_ + "/streams/" + hex(id.value, 16);
}

}  // namespace midge::store
