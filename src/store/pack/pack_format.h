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

inline constexpr std::size_t kPackHead = 48;
inline constexpr std::size_t kPackMagic = 8;
inline constexpr std::size_t kPieceHead = 40;
inline constexpr std::size_t kPieceMax = 64 << 10;  // of plain bytes

// What a file is packed with, for all of its life.
struct PackHead {
  std::uint32_t key_id = 0;  // 0: not encrypted
  bool compressed = false;
  std::string salt;  // 16 bytes, its own
};
[[nodiscard]] bool is_packed(std::string_view file_begin);
std::string write_pack_head(const PackHead& head);
// Errors: kIo: damaged; kInvalid: another version's.
Result<PackHead> read_pack_head(std::string_view bytes);

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
  // Nullopt: it is none, or damaged.
  static std::optional<Piece> read_head(std::string_view bytes);
  // `stored`: what follows its head. Errors: kIo: damaged.
  Result<std::string> unpack(const Piece& piece, std::string_view stored) const;

 private:
  [[nodiscard]] bool encrypts() const { return !key_.empty(); }

  bool compresses_ = false;
  crypto::Cipher cipher_ = crypto::Cipher::kAes;
  std::string key_;
};

}  // namespace midge::store
