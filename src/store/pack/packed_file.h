// A file of which nobody sees that it is packed: offsets and sizes are those of the plain bytes.
// Written at its end only; a write is a number of whole pieces, so that what one write put there is
// never touched again. What is damaged reads as zeros, so that whoever knows what was there finds
// out.
//
// Thread: any; blocks. Where the file ends is one for all who read and write it by this object.
#pragma once

#include <memory>
#include <mutex>
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
  // One that is packed already. Errors: kInvalid: its key is not there; of the disk.
  static Result<std::unique_ptr<PackedFile>> open(std::unique_ptr<io::File> file,
                                                  const PackHead& head, const Keyring* keys,
                                                  io::Entropy& entropy);
  // An empty one is begun.
  static Result<std::unique_ptr<PackedFile>> create(std::unique_ptr<io::File> file,
                                                    const Keyring* keys, bool compress,
                                                    io::Entropy& entropy);

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  // `offset` is its size. Errors: kInvalid: it is not.
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override;
  Result<void> sync() override { return file_->sync(); }
  Result<void> allocate(std::uint64_t size) override;
  // To where a write ended. Errors: kInvalid: there is no such place.
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() override;

 private:
  struct Place {
    Packer::Piece piece;
    std::uint64_t at;  // of its head in the file
    [[nodiscard]] std::uint64_t plain_end() const { return piece.offset + piece.size; }
  };
  PackedFile(std::unique_ptr<io::File> file, Packer packer, io::Entropy& entropy)
      : file_(std::move(file)), packer_(std::move(packer)), entropy_(entropy) {}
  Result<void> find_pieces();
  // The next head that is whole, at `at` or behind it. Nullopt: none.
  Result<std::optional<std::uint64_t>> next_head(std::uint64_t at);
  Result<std::string> bytes_at(std::uint64_t offset, std::size_t size);
  // All of a piece; false: it is damaged.
  Result<bool> unpack(const Place& place, char* into);
  Result<void> read_piece(std::size_t i, std::uint64_t offset, std::span<char> into);
  Result<void> write_piece(std::string_view plain);
  [[nodiscard]] std::uint64_t plain_size() const {
    return pieces_.empty() ? 0 : pieces_.back().plain_end();
  }

  const std::unique_ptr<io::File> file_;
  const Packer packer_;
  io::Entropy& entropy_;
  std::mutex mutex_;  // of all below
  std::vector<Place> pieces_;
  std::uint64_t end_ = kPackHead;    // in the file
  std::optional<std::size_t> kept_;  // the piece that was read last in part
  std::string plain_;                // of that
};

}  // namespace midge::store
