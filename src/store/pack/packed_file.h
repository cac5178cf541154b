// A file of which nobody sees that it is packed: offsets and sizes are those of the plain bytes.
// Written at its end only; a write is a number of whole pieces, so that what one write put there is
// never touched again.
//
// Thread: any, one at a time; blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/entropy.h"
#include "io/file.h"
#include "store/pack/pack_format.h"

namespace midge::store {

class PackedFile final : public io::File {
 public:
  // One that is packed already. Errors: kIo: its head is damaged; kInvalid: its key is not there,
  // or another version wrote it; of the disk.
  static Result<std::unique_ptr<PackedFile>> open(std::unique_ptr<io::File> file,
                                                  const Keyring* keys, io::Entropy& entropy);
  // An empty one is begun.
  static Result<std::unique_ptr<PackedFile>> create(std::unique_ptr<io::File> file,
                                                    const Keyring* keys, bool compress,
                                                    io::Entropy& entropy);

  // A damaged piece is an error (kIo) of whoever reads of it.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  // `offset` is its size. Errors: kInvalid: it is not.
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override;
  Result<void> sync() override { return file_->sync(); }
  Result<void> allocate(std::uint64_t size) override;
  // To where a write ended.
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() override { return size_; }

  // All of it; zeros where it is damaged.
  Result<std::string> read_all();

 private:
  PackedFile(std::unique_ptr<io::File> file, Packer packer, io::Entropy& entropy)
      : file_(std::move(file)), packer_(std::move(packer)), entropy_(entropy) {}
  Result<void> find_pieces();
  // The next head that is whole, at `at` or behind it. Nullopt: none.
  Result<std::optional<std::uint64_t>> next_head(std::uint64_t at);
  Result<std::string> bytes_at(std::uint64_t offset, std::size_t size);
  Result<const std::string*> piece(std::size_t i);
  Result<void> write_piece(std::string_view plain);

  struct Place {
    Packer::Piece piece;
    std::uint64_t at;  // of its head in the file
  };
  std::unique_ptr<io::File> file_;
  Packer packer_;
  io::Entropy& entropy_;
  std::vector<Place> pieces_;
  std::uint64_t size_ = 0;
  std::uint64_t end_ = kPackHead;  // in the file
  std::optional<std::size_t> unpacked_;
  std::string plain_;  // of that piece
};

}  // namespace midge::store
