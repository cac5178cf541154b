#include "sim/sim_disk.h"

#include <algorithm>

namespace midge::sim {
namespace {

std::unexpected<Error> failed(const char* call, const std::string& path, const char* why,
                              ErrorCode code) {
  return failure(std::string(call) + ' ' + path + ": " + why, code);
}

}  // namespace

// ---- files

class SimDisk::OpenFile final : public io::File {
 public:
  OpenFile(SimDisk& disk, std::shared_ptr<SimInode> inode, std::string path, bool writable)
      : disk_(disk),
        inode_(std::move(inode)),
        path_(std::move(path)),
        process_(disk.process_),
        writable_(writable) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    TRY(begin("read", disk_.faults_.reads, offset));
    return inode_->seen().read(offset, into);
  }
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override {
    std::string bytes;
    for (const io::Slice& slice : from) bytes.append(slice.data, slice.size);
    TRY(begin_change("write", 0, offset));
    return disk_.write(*inode_, path_, offset, bytes);
  }
  Result<void> sync() override {
    TRY(begin("sync", 0, 0));
    return disk_.sync(*inode_, path_);
  }
  Result<void> allocate(std::uint64_t size) override {
    TRY(begin_change("allocate", disk_.faults_.writes, size));
    if (size <= inode_->seen().size()) return {};
    return disk_.resize(*inode_, path_, size);
  }
  Result<void> truncate(std::uint64_t size) override {
    TRY(begin_change("truncate", disk_.faults_.writes, size));
    return disk_.resize(*inode_, path_, size);
  }
  Result<std::uint64_t> size() override {
    TRY(begin("stat", 0, 0));
    return inode_->seen().size();
  }

 private:
  Result<void> begin(const char* call, std::uint32_t fails, std::uint64_t figure) {
    if (process_ != disk_.process_)
      return failed(call, path_, "its process has ended", ErrorCode::kIo);
    return disk_.begin(call, path_, fails, figure);
  }
  Result<void> begin_change(const char* call, std::uint32_t fails, std::uint64_t figure) {
    TRY(begin(call, fails, figure));
    if (!writable_) return failed(call, path_, "bad file descriptor", ErrorCode::kOther);
    return {};
  }

  SimDisk& disk_;
  const std::shared_ptr<SimInode> inode_;
  const std::string path_;
  const std::uint64_t process_;
  const bool writable_;
};

class SimDisk::Lock final : public io::DiskLock {
 public:
  Lock(SimDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), process_(disk.process_) {}
  ~Lock() override {
    if (process_ == disk_.process_) disk_.locked_.erase(path_);
  }

 private:
  SimDisk& disk_;
  const std::string path_;
  const std::uint64_t process_;
};

// ---- power

void SimDisk::cut_power() {
  if (is_off_) return;
  is_off_ = power_was_cut_ = true;
  names_.for_each_file([this](const std::string&, SimInode& inode) { inode.store_some(random_); });
  names_.store_some(random_);
}

void SimDisk::restart() {
  if (power_was_cut_) {
    names_.forget_unstored();
    names_.for_each_file([](const std::string&, SimInode& inode) { inode.forget_unstored(); });
  }
  is_off_ = power_was_cut_ = false;
  calls_left_ = 0;
  ++process_;
  locked_.clear();
}

Result<void> SimDisk::begin(const char* call, const std::string& path, std::uint32_t fails,
                            std::uint64_t figure) {
  if (hash_ != nullptr) hash_->add(SimEvent::kDisk, figure, call + path);
  if (calls_left_ > 0 && --calls_left_ == 0) cut_power();
  if (is_off_) return failed(call, path, "there is no power", ErrorCode::kIo);
  if (fails > 0 && random_.one_in(fails))
    return failed(call, path, "input/output error", ErrorCode::kIo);
  return {};
}

// ---- contents

std::uint64_t SimDisk::used() const {
  std::uint64_t sum = 0;
  names_.for_each_file([&](const std::string&, SimInode& inode) { sum += inode.seen().size(); });
  return sum;
}

bool SimDisk::has_room(const SimInode& inode, std::uint64_t size) const {
  if (space_ == std::numeric_limits<std::uint64_t>::max()) return true;
  return size <= inode.seen().size() || used() + size - inode.seen().size() <= space_;
}

bool SimDisk::flip(const std::string& path, std::uint64_t offset, unsigned char bits) {
  const auto inode = names_.find(path);
  return inode != nullptr && inode->flip(offset, bits);
}

// What fails may have written some of it.
Result<void> SimDisk::write(SimInode& inode, const std::string& path, std::uint64_t offset,
                            std::string_view bytes) {
  const bool has_room = this->has_room(inode, offset + bytes.size());
  if (has_room && (faults_.writes == 0 || !random_.one_in(faults_.writes))) {
    inode.write(offset, bytes);
    return {};
  }
  const std::string_view some = bytes.substr(0, random_.below(bytes.size() + 1));
  if (this->has_room(inode, offset + some.size())) inode.write(offset, some);
  if (!has_room) return failed("write", path, "no space left on device", ErrorCode::kNoSpace);
  return failed("write", path, "input/output error", ErrorCode::kIo);
}

Result<void> SimDisk::resize(SimInode& inode, const std::string& path, std::uint64_t size) {
  if (!has_room(inode, size))
    return failed("allocate", path, "no space left on device", ErrorCode::kNoSpace);
  inode.resize(size);
  return {};
}

Result<void> SimDisk::sync(SimInode& inode, const std::string& path) {
  if (faults_.syncs > 0 && random_.one_in(faults_.syncs)) {
    inode.store_some(random_);
    return failed("sync", path, "input/output error", ErrorCode::kIo);
  }
  inode.store();
  return {};
}

// ---- whole files and names

Result<std::shared_ptr<SimInode>> SimDisk::find(const char* call, const std::string& path) {
  auto inode = names_.find(path);
  if (inode == nullptr)
    return failed(call, path, "no such file or directory", ErrorCode::kNotFound);
  return inode;
}

Result<std::string> SimDisk::read_file(const std::string& path) {
  TRY(begin("open", path, faults_.reads));
  ASSIGN_OR_RETURN(const auto inode, find("open", path));
  std::string content(inode->seen().size(), '\0');
  inode->seen().read(0, content);
  return content;
}

Result<void> SimDisk::write_file(const std::string& path, std::string_view content) {
  TRY(begin("write", path, faults_.names, content.size()));
  auto inode = names_.find(path);
  if (inode == nullptr) {
    inode = names_.make_file(path);
  } else {
    inode->resize(0);
  }
  return write(*inode, path, 0, content);
}

Result<void> SimDisk::remove_file(const std::string& path) {
  TRY(begin("remove", path, faults_.names));
  ASSIGN_OR_RETURN(const auto inode, find("remove", path));
  names_.remove(path);
  return {};
}

Result<std::vector<std::string>> SimDisk::list_directory(const std::string& path) {
  TRY(begin("list", path, faults_.reads));
  if (!names_.is_directory(path))
    return failed("open", path, "no such file or directory", ErrorCode::kNotFound);
  return names_.list(path);
}

Result<void> SimDisk::make_directory(const std::string& path) {
  TRY(begin("mkdir", path, faults_.names));
  for (std::string part = path; part.size() > 1; part = SimNames::parent_of(part))
    if (names_.find(part) != nullptr)
      return failed("mkdir", part, "not a directory", ErrorCode::kOther);
  names_.make_directory(path);
  return {};
}

Result<void> SimDisk::remove_directory(const std::string& path) {
  TRY(begin("rmdir", path, faults_.names));
  if (!names_.is_directory(path))
    return failed("remove", path, "no such file or directory", ErrorCode::kNotFound);
  if (!names_.list(path).empty())
    return failed("remove", path, "directory not empty", ErrorCode::kOther);
  names_.remove(path);
  return {};
}

Result<void> SimDisk::rename_file(const std::string& from, const std::string& to) {
  TRY(begin("rename", from, faults_.names));
  ASSIGN_OR_RETURN(const auto inode, find("rename", from));
  names_.rename(from, to);
  return {};
}

bool SimDisk::exists(const std::string& path) {
  return names_.find(path) != nullptr || names_.is_directory(path);
}

bool SimDisk::is_directory(const std::string& path) { return names_.is_directory(path); }

Result<std::uint64_t> SimDisk::file_size(const std::string& path) {
  TRY(begin("stat", path, faults_.reads));
  ASSIGN_OR_RETURN(const auto inode, find("stat", path));
  return inode->seen().size();
}

Result<std::unique_ptr<io::File>> SimDisk::open(const std::string& path, io::OpenMode mode) {
  TRY(begin("open", path, faults_.names));
  auto inode = names_.find(path);
  if (inode != nullptr && mode == io::OpenMode::kCreate)
    return failed("open", path, "file exists", ErrorCode::kExists);
  if (inode == nullptr) {
    if (mode == io::OpenMode::kRead || !names_.is_directory(SimNames::parent_of(path)))
      return failed("open", path, "no such file or directory", ErrorCode::kNotFound);
    inode = names_.make_file(path);
  }
  return std::make_unique<OpenFile>(*this, std::move(inode), path, mode != io::OpenMode::kRead);
}

Result<void> SimDisk::sync_directory(const std::string& path) {
  TRY(begin("sync", path, faults_.syncs));
  if (!names_.is_directory(path))
    return failed("open", path, "no such file or directory", ErrorCode::kNotFound);
  names_.sync_directory(path);
  return {};
}

Result<void> SimDisk::sync_filesystem(const std::string& path) {
  TRY(begin("syncfs", path));
  Result<void> result;
  names_.for_each_file([&](const std::string& file, SimInode& inode) {
    if (auto synced = sync(inode, file); !synced) result = std::move(synced);
  });
  if (result) names_.sync_all();
  return result;
}

Result<io::DiskSpace> SimDisk::space(const std::string& path) {
  TRY(begin("stat", path));
  const std::uint64_t total = std::min(space_, std::uint64_t{1} << 50);
  return io::DiskSpace{.total = total, .available = total - std::min(total, used())};
}

Result<std::unique_ptr<io::DiskLock>> SimDisk::lock(const std::string& path) {
  TRY(begin("lock", path, faults_.names));
  if (names_.find(path) == nullptr) names_.make_file(path);
  if (!locked_.insert(path).second)
    return failed("lock", path, "held by another process", ErrorCode::kInUse);
  return std::make_unique<Lock>(*this, path);
}

}  // namespace midge::sim
