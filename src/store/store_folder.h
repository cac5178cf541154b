// The store's folder: made or taken over, locked while this lives. Format: docs/formats/store.md.
// Thread: any, one at a time; blocks. At start only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/disk.h"
#include "io/entropy.h"
#include "store/fwd.h"
#include "store/ids.h"
#include "store/pack/packed_disk.h"

namespace midge::store {

class StoreFolder {
 public:
  // Below `<store_dir>/midge/<domain or _>`. Errors: kInUse: another server has it; kInvalid: there
  // is a store of nats-server, or one of another version; of the disk.
  static Result<std::unique_ptr<StoreFolder>> open(io::Disk& disk, const std::string& store_dir,
                                                   const std::string& domain);

  // Before anything is read that may be encrypted. `entropy` outlives this; `now`: of what goes to
  // quarantine. Errors: as those of Keyring::open().
  Result<void> open_keys(const KeySettings& settings, io::Entropy& entropy, WallTime now);
  // Null: the store is not encrypted.
  [[nodiscard]] const std::shared_ptr<const Keyring>& keys() const { return keys_; }
  // For blocks and the checkpoint: files that are begun are encrypted if there are keys. Any
  // thread.
  [[nodiscard]] PackedDisk& data_disk(bool compress = false) const {
    return compress ? *compressing_disk_ : *data_disk_;
  }
  // Files that were found damaged and have gone to quarantine, and what is wrong with them.
  using Damaged = std::vector<std::pair<std::string, std::string>>;
  Damaged take_damaged() { return std::exchange(damaged_, {}); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string journal_folder(std::uint32_t id) const;
  [[nodiscard]] std::string free_folder() const { return path_ + "/journal/free"; }
  [[nodiscard]] std::string blocks_folder(StreamId id) const;
  // The folders of streams that are there.
  [[nodiscard]] Result<std::vector<StreamId>> stream_folders() const;
  // Moves a file or folder to quarantine/, with a text beside it that says why.
  Result<void> quarantine(const std::string& path, const std::string& why, WallTime now) const;
  // It is still there: quarantine it, and write it anew.
  [[nodiscard]] bool format_is_damaged() const { return format_is_damaged_; }
  [[nodiscard]] std::string format_path() const { return path_ + "/format"; }
  Result<void> write_format();
  // No journal gets a lower id.
  void journal_ids_from(std::uint32_t next) { next_journal_id_ = std::max(next_journal_id_, next); }
  [[nodiscard]] io::Disk& disk() const { return disk_; }
  // Of the journals that earlier runs left, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& old_journals() const { return old_journals_; }
  // Never given before.
  std::uint32_t next_journal_id() { return next_journal_id_++; }
  [[nodiscard]] std::uint32_t peek_journal_id() const { return next_journal_id_; }

 private:
  StoreFolder(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Result<void> check_format();
  Result<void> find_journals();

  io::Disk& disk_;
  std::string path_;
  std::unique_ptr<io::DiskLock> lock_;
  std::shared_ptr<const Keyring> keys_;
  std::unique_ptr<PackedDisk> data_disk_, compressing_disk_;
  Damaged damaged_;
  std::vector<std::uint32_t> old_journals_;
  std::uint32_t next_journal_id_ = 1;
  bool format_is_damaged_ = false;
};

}  // namespace midge::store
