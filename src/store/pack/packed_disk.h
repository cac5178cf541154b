// A disk whose files are packed when they are begun, with whatever a store is to have: keys,
// compression. Those that are packed already are read as what they hold, whatever was said when
// they were begun; others as they are, at no cost but that of looking at their first bytes.
//
// Life: `disk`, `entropy` and `keys` outlive it. Any thread; blocks.
#pragma once

#include <memory>
#include <string>

#include "io/disk.h"
#include "io/entropy.h"
#include "store/pack/keyring.h"

namespace midge::store {

struct Packing {
  std::shared_ptr<const Keyring> keys;  // null: not encrypted
  bool compress = false;
  [[nodiscard]] bool is_none() const { return keys == nullptr && !compress; }
};

class PackedDisk final : public io::Disk {
 public:
  PackedDisk(io::Disk& disk, io::Entropy& entropy, Packing packing)
      : disk_(disk), entropy_(entropy), packing_(std::move(packing)) {}

  // Files that are begun now are packed; and encrypted, too.
  [[nodiscard]] bool packs() const { return !packing_.is_none(); }
  [[nodiscard]] bool encrypts() const { return packing_.keys != nullptr; }
  struct State {
    bool is_packed = false;
    bool is_outdated = false;  // it is not encrypted as it would be if it were begun now
  };
  Result<State> look(const std::string& path);

  // Zeros where a packed file is damaged.
  Result<std::string> read_file(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view content) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  // A file begins anew where it is written at 0. One that is packed can be written at its end only,
  // and be cut off where a write ended.
  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;

  Result<void> remove_file(const std::string& path) override { return disk_.remove_file(path); }
  Result<std::vector<std::string>> list_directory(const std::string& path) override {
    return disk_.list_directory(path);
  }
  Result<void> make_directory(const std::string& path) override {
    return disk_.make_directory(path);
  }
  Result<void> remove_directory(const std::string& path) override {
    return disk_.remove_directory(path);
  }
  Result<void> rename_file(const std::string& from, const std::string& to) override {
    return disk_.rename_file(from, to);
  }
  [[nodiscard]] bool exists(const std::string& path) override { return disk_.exists(path); }
  [[nodiscard]] bool is_directory(const std::string& path) override {
    return disk_.is_directory(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    return disk_.sync_directory(path);
  }
  Result<void> sync_filesystem(const std::string& path) override {
    return disk_.sync_filesystem(path);
  }
  Result<io::DiskSpace> space(const std::string& path) override { return disk_.space(path); }
  Result<std::unique_ptr<io::DiskLock>> lock(const std::string& path) override {
    return disk_.lock(path);
  }

 private:
  class WrittenFile;

  io::Disk& disk_;
  io::Entropy& entropy_;
  const Packing packing_;
};

}  // namespace midge::store
