#include "store/store_folder.h"

#include <algorithm>
#include <charconv>

#include "store/checksum.h"

namespace midge::store {
namespace {

constexpr std::string_view kFormat = "midge store 1";

std::string hex(std::uint64_t number, std::size_t width) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(width, '0');
  for (std::size_t i = width; i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

// With its checksum: what is damaged is told from what another version wrote.
std::string format_line(std::string_view format) {
  return std::string(format) + " " + hex(checksum(format), 16) + "\n";
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

// Without its keys it must not pass for a plain one.
Result<void> StoreFolder::open_keys(const KeySettings& settings, io::Entropy& entropy,
                                    WallTime now) {
  PackedDisk plain(disk_, entropy, {});
  for (const char* name : {"/checkpoint", "/checkpoint.copy"})
    if (const auto state = plain.look(path_ + name);
        state && state->is_outdated && !Keyring::is_there(disk_, path_))
      return failure(
          "\"" + path_ + "/keys\" is not there, nor its copy: without it nothing can be read",
          ErrorCode::kInvalid);
  const auto put_away = [&](const std::string& path, const std::string& why) {
    damaged_.emplace_back(path, why);
    return quarantine(path, why, now);
  };
  ASSIGN_OR_RETURN(keys_, Keyring::open(disk_, path_, settings, entropy, put_away));
  data_disk_ = std::make_unique<PackedDisk>(disk_, entropy, Packing{keys_, false});
  compressing_disk_ = std::make_unique<PackedDisk>(disk_, entropy, Packing{keys_, true});
  return {};
}

Result<void> StoreFolder::check_format() {
  const std::string file = path_ + "/format";
  TRY(disk_.make_directory(path_ + "/journal"));
  TRY(disk_.make_directory(path_ + "/streams"));
  if (disk_.exists(file)) {
    ASSIGN_OR_RETURN(const std::string format, disk_.read_file(file));
    if (format == format_line(kFormat)) return {};
    const std::string claimed = format.substr(0, format.rfind(' '));
    if (format == format_line(claimed))
      return failure("\"" + path_ + "\" was written by another version: " + claimed.substr(0, 40),
                     ErrorCode::kInvalid);
    format_is_damaged_ = true;
    return {};
  }
  return write_format();
}

Result<void> StoreFolder::write_format() {
  const std::string file = path_ + "/format";
  // Whole or not at all, whatever a power cut leaves of it.
  TRY(disk_.write_file(file + ".new", format_line(kFormat)));
  TRY(disk_.sync_filesystem(path_));
  TRY(disk_.rename_file(file + ".new", file));
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

Result<std::vector<StreamId>> StoreFolder::stream_folders() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, disk_.list_directory(path_ + "/streams"));
  std::vector<StreamId> ids;
  for (const std::string& name : names) {
    std::uint64_t id = 0;
    const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
    if (status == std::errc() && end == name.data() + name.size() && name == hex(id, 16))
      ids.push_back({id});
  }
  return ids;
}

Result<void> StoreFolder::quarantine(const std::string& path, const std::string& why,
                                     WallTime now) const {
  const std::string folder = path_ + "/quarantine";
  TRY(disk_.make_directory(folder));
  std::string name = path.starts_with(path_ + "/") ? path.substr(path_.size() + 1) : path;
  std::ranges::replace(name, '/', '-');
  const std::string to = folder + "/" + std::to_string(now.ns) + "-" + name;
  TRY(disk_.write_file(to + ".why", path + ": " + why + "\n"));
  return disk_.rename_file(path, to);
}

std::string StoreFolder::journal_folder(std::uint32_t id) const {
  return path_ + "/journal/" + hex(id, 8);
}

std::string StoreFolder::blocks_folder(StreamId id) const {
  return path_ + "/streams/" + hex(id.value, 16);
}

}  // namespace midge::store
