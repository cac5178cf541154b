#include "store/pack/packed_disk.h"

#include <optional>
#include <utility>

#include "store/pack/packed_file.h"

namespace midge::store {
namespace {

// Nullopt: the file is not packed, or nothing of it can be read.
Result<std::optional<PackHead>> find_head(io::File& file) {
  char magic[kPackMagic];
  ASSIGN_OR_RETURN(const std::size_t there, file.read_at(0, magic));
  if (is_plain({magic, there})) return std::nullopt;
  std::string bytes(kPackHead, '\0');
  ASSIGN_OR_RETURN(const std::size_t size, file.read_at(0, bytes));
  return read_pack_head(std::string_view(bytes).substr(0, size));
}

}  // namespace

// A file that is written: it goes on as it is, or begins anew.
class PackedDisk::WrittenFile final : public io::File {
 public:
  WrittenFile(PackedDisk& disk, std::string path, std::unique_ptr<io::File> file, bool packed)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), packed_(packed) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    return file_->read_at(offset, into);
  }
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override {
    if (offset == 0 && (packed_ || disk_.packs())) TRY(begin());
    return file_->write_at(offset, from);
  }
  Result<void> sync() override { return file_->sync(); }
  Result<void> allocate(std::uint64_t size) override { return file_->allocate(size); }
  Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  Result<void> begin() {
    ASSIGN_OR_RETURN(file_, disk_.disk_.open(path_, io::OpenMode::kWrite));
    TRY(file_->truncate(0));
    packed_ = disk_.packs();
    if (!packed_) return {};
    ASSIGN_OR_RETURN(file_, PackedFile::create(std::move(file_), disk_.packing_.keys.get(),
                                               disk_.packing_.compress, disk_.entropy_));
    return {};
  }

  PackedDisk& disk_;
  const std::string path_;
  std::unique_ptr<io::File> file_;
  bool packed_;
};

Result<std::unique_ptr<io::File>> PackedDisk::open(const std::string& path, io::OpenMode mode) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, disk_.open(path, mode));
  ASSIGN_OR_RETURN(const auto head, find_head(*file));
  if (head) {
    auto packed = PackedFile::open(std::move(file), *head, packing_.keys.get(), entropy_);
    if (!packed) return std::unexpected(packed.error().within(path));
    file = std::move(*packed);
  }
  if (mode == io::OpenMode::kRead) return file;
  return std::make_unique<WrittenFile>(*this, path, std::move(file), head.has_value());
}

Result<PackedDisk::State> PackedDisk::look(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, disk_.open(path, io::OpenMode::kRead));
  ASSIGN_OR_RETURN(const auto head, find_head(*file));
  const std::uint32_t key = packing_.keys == nullptr ? 0 : packing_.keys->current().id;
  return State{head.has_value(), key != (head ? head->key_id : 0)};
}

Result<std::string> PackedDisk::read_file(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, open(path, io::OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::uint64_t size, file->size());
  std::string content(static_cast<std::size_t>(size), '\0');
  ASSIGN_OR_RETURN(const std::size_t there, file->read_at(0, content));
  content.resize(there);
  return content;
}

Result<void> PackedDisk::write_file(const std::string& path, std::string_view content) {
  if (!packs()) return disk_.write_file(path, content);
  WrittenFile written(*this, path, nullptr, true);
  const io::Slice slice{content.data(), content.size()};
  return written.write_at(0, {&slice, 1});
}

Result<std::uint64_t> PackedDisk::file_size(const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, open(path, io::OpenMode::kRead));
  return file->size();
}

}  // namespace midge::store
