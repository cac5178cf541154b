// Packed files: their bytes in pieces, each compressed, encrypted, or both. Format:
// docs/formats/packed.md. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/pack/keyring.h"

namespace midge::store {

inline constexpr std::size_t kPackHead = 1024;  // pieces begin here
inline constexpr std::size_t kPackMagic = 8;
inline constexpr std::size_t kPieceHead = 40;
inline constexpr std::size_t kPieceMax = 64 << 10;  // of plain bytes

// What a file is packed with, for all of its life.
struct PackHead {
  std::uint32_t key_id = 0;  // 0: not encrypted
  bool compressed = false;
  std::string salt;  // 16 bytes, its own
};
// Told by its first kPackMagic bytes: a file that is certainly none.
[[nodiscard]] bool is_plain(std::string_view magic);
std::string write_pack_head(const PackHead& head);
// Of the first kPackHead bytes of a file. Nullopt: it is not packed, or neither copy is whole.
// Errors: kInvalid: a newer version's.
Result<std::optional<PackHead>> read_pack_head(std::string_view bytes);

// Packs and unpacks the pieces of one file.
class Packer {
 public:
  // Errors: kInvalid: its key is not among these.
  static Result<Packer> create(const PackHead& head, const Keyring* keys);

  // Appends the piece with these plain bytes, at most kPieceMax, at least one; `nonce`: random.
  void pack(std::uint64_t offset, std::string_view plain, std::string_view nonce,
            std::string& into) const;

  struct Piece {
    std::uint64_t offset = 0;  // of its plain bytes
    std::uint32_t size = 0;    // of them
    std::uint32_t stored = 0;
    std::uint32_t flags = 0;
    std::uint64_t checksum = 0;
    // In the file, all of it.
    [[nodiscard]] std::uint64_t length() const { return (kPieceHead + stored + 7) / 8 * 8; }
  };
  // Nullopt: it is none of this file's, or damaged.
  [[nodiscard]] std::optional<Piece> read_head(std::string_view bytes) const;
  // Its plain bytes, `piece.size` of them, at `into`; `stored`: what follows its head. False: it is
  // damaged; then what is at `into` means nothing.
  [[nodiscard]] bool unpack(const Piece& piece, std::string_view stored, char* into) const;

 private:
  [[nodiscard]] bool encrypts() const { return !key_.empty(); }

  std::uint64_t seed_ = 0;  // of the pieces' checksums
  bool compresses_ = false;
  crypto::Cipher cipher_ = crypto::Cipher::kAes;
  std::string key_;
};

}  // namespace midge::store
