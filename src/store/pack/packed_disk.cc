#include "store/pack/packed_disk.h"

#include <utility>

#include "store/pack/packed_file.h"

namespace midge::store {
namespace {

Result<bool> begins_packed(io::File& file) {
  char magic[kPackMagic];
  ASSIGN_OR_RETURN(const std::size_t there, file.read_at(0, magic));
  return is_packed({magic, there});
}

}  // namespace

// A file that is written, of which is not said yet whether it goes on as it is or begins anew.
class PackedDisk::LateFile final : public io::File {
 public:
  LateFile(PackedDisk& disk, std::string path, std::unique_ptr<io::File> file, bool packed)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), packed_(packed) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    return file_->read_at(offset, into);
  }
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override {
    if (offset == 0 && !disk_.packing_.is_none()) TRY(begin());
    return file_->write_at(offset, from);
  }
  Result<void> sync() override { return file_->sync(); }
  Result<void> allocate(std::uint64_t size) override { return file_->allocate(size); }
  Result<void> truncate(std::uint64_t size) override {
    // What it was packed with goes as well.
    if (size == 0 && packed_) {
      ASSIGN_OR_RETURN(file_, disk_.disk_.open(path_, io::OpenMode::kWrite));
      packed_ = false;
    }
    return file_->truncate(size);
  }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  Result<void> begin() {
    ASSIGN_OR_RETURN(const std::uint64_t size, file_->size());
    if (packed_ || size > 0) return {};
    ASSIGN_OR_RETURN(file_, PackedFile::create(std::move(file_), disk_.packing_.keys.get(),
                                               disk_.packing_.compress, disk_.entropy_));
    packed_ = true;
    return {};
  }

  PackedDisk& disk_;
  const std::string path_;
  std::unique_ptr<io::File> file_;
  bool packed_;
};

Result<std::unique_ptr<io::File>> PackedDisk::open(const std::string& path, io::OpenMode mode) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, disk_.open(path, mode));
  ASSIGN_OR_RETURN(const bool packed, begins_packed(*file));
  if (packed) {
    ASSIGN_OR_RETURN(file, PackedFile::open(std::move(file), packing_.keys.get(), entropy_));
  }
  if (mode == io::OpenMode::kRead) return file;
  return std::make_unique<LateFile>(*this, path, std::move(file), packed);
}

Result<std::string> PackedDisk::read_file(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, disk_.open(path, io::OpenMode::kRead));
  char head[kPackHead];
  ASSIGN_OR_RETURN(const std::size_t there, file->read_at(0, head));
  if (!is_packed({head, there})) return disk_.read_file(path);
  // With its head all of it is lost.
  if (const auto read = read_pack_head({head, there});
      !read && read.error().code() == ErrorCode::kIo)
    return std::string();
  ASSIGN_OR_RETURN(const auto unpacked,
                   PackedFile::open(std::move(file), packing_.keys.get(), entropy_));
  return unpacked->read_all();
}

Result<void> PackedDisk::write_file(const std::string& path, std::string_view content) {
  if (packing_.is_none()) return disk_.write_file(path, content);
  ASSIGN_OR_RETURN(const auto file, open(path, io::OpenMode::kWrite));
  TRY(file->truncate(0));
  const io::Slice slice{content.data(), content.size()};
  return file->write_at(0, {&slice, 1});
}

Result<std::uint64_t> PackedDisk::file_size(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, open(path, io::OpenMode::kRead));
  return file->size();
}

}  // namespace midge::store
