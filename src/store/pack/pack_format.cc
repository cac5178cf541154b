#include "store/pack/pack_format.h"

#include <utility>

#include "base/check.h"
#include "codec/s2_block.h"
#include "store/checksum.h"
#include "store/fields.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGEPCK";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kCompresses = 1;  // flag of a file
constexpr std::uint32_t kPieceMagic = 0x4350474d;
constexpr std::uint32_t kCompressed = 1, kEncrypted = 2;  // flags of a piece
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kStoredMax = kPieceMax + crypto::kAeadNonceSize + crypto::kAeadTagSize;

std::unexpected<Error> damaged() { return failure("a piece is damaged", ErrorCode::kIo); }

std::string sealed_head(const Packer::Piece& piece) {
  std::string head;
  add_field(head, kPieceMagic);
  add_field(head, piece.size);
  add_field(head, piece.offset);
  add_field(head, piece.stored);
  add_field(head, piece.flags);
  return head;
}

}  // namespace

bool is_packed(std::string_view file_begin) { return file_begin.starts_with(kMagic); }

std::string write_pack_head(const PackHead& head) {
  std::string bytes(kMagic);
  add_field(bytes, kVersion);
  add_field(bytes, head.key_id);
  add_field(bytes, head.compressed ? kCompresses : 0U);
  add_field(bytes, std::uint32_t{0});
  bytes += head.salt;
  add_field(bytes, checksum(bytes));
  return bytes;
}

Result<PackHead> read_pack_head(std::string_view bytes) {
  if (bytes.size() < kPackHead || !is_packed(bytes))
    return failure("the head of the file is damaged", ErrorCode::kIo);
  bytes = bytes.substr(0, kPackHead);
  FieldReader fields(bytes.substr(kMagic.size()));
  if (fields.number<std::uint32_t>() != kVersion)
    return failure("the file was written by another version", ErrorCode::kInvalid);
  PackHead head;
  head.key_id = fields.number<std::uint32_t>();
  head.compressed = fields.number<std::uint32_t>() == kCompresses;
  (void)fields.number<std::uint32_t>();
  head.salt = fields.text(kSaltSize);
  if (fields.number<std::uint64_t>() != checksum(bytes.substr(0, kPackHead - 8)))
    return failure("the head of the file is damaged", ErrorCode::kIo);
  return head;
}

Result<Packer> Packer::create(const PackHead& head, const Keyring* keys) {
  Packer packer;
  packer.compresses_ = head.compressed;
  if (head.key_id == 0) return packer;
  const DataKey* key = keys != nullptr ? keys->find(head.key_id) : nullptr;
  if (key == nullptr)
    return failure("the file is encrypted with a key that is not there", ErrorCode::kInvalid);
  packer.cipher_ = key->cipher;
  packer.key_ = key->derive("file", head.salt);
  return packer;
}

void Packer::pack(std::uint64_t offset, std::string_view plain, std::string_view nonce,
                  std::string& into) const {
  ENSURE(!plain.empty() && plain.size() <= kPieceMax, "a piece is not empty, and limited");
  Piece piece{offset, static_cast<std::uint32_t>(plain.size())};
  std::string block;
  if (compresses_) codec::write_s2_block(plain, block);
  std::string_view stored = plain;
  if (compresses_ && block.size() < plain.size()) {
    stored = block;
    piece.flags |= kCompressed;
  }
  piece.stored = static_cast<std::uint32_t>(stored.size());
  std::string sealed;
  if (encrypts()) {
    piece.flags |= kEncrypted;
    piece.stored += crypto::kAeadNonceSize + crypto::kAeadTagSize;
    sealed = nonce;
    crypto::seal(cipher_, key_, nonce, sealed_head(piece), stored, sealed);
    stored = sealed;
  }
  std::string head = sealed_head(piece);
  add_field(head, checksum(stored));
  add_field(head, checksum(head));
  into.append(head).append(stored);
  into.append(piece.length() - kPieceHead - stored.size(), '\0');
}

std::optional<Packer::Piece> Packer::read_head(std::string_view bytes) {
  if (bytes.size() < kPieceHead) return std::nullopt;
  bytes = bytes.substr(0, kPieceHead);
  FieldReader fields(bytes);
  if (fields.number<std::uint32_t>() != kPieceMagic) return std::nullopt;
  Piece piece;
  piece.size = fields.number<std::uint32_t>();
  piece.offset = fields.number<std::uint64_t>();
  piece.stored = fields.number<std::uint32_t>();
  piece.flags = fields.number<std::uint32_t>();
  piece.checksum = fields.number<std::uint64_t>();
  const bool is_right = fields.number<std::uint64_t>() == checksum(bytes.substr(0, kPieceHead - 8));
  if (!is_right || piece.size == 0 || piece.size > kPieceMax || piece.stored > kStoredMax)
    return std::nullopt;
  return piece;
}

Result<std::string> Packer::unpack(const Piece& piece, std::string_view stored) const {
  if (stored.size() != piece.stored || checksum(stored) != piece.checksum) return damaged();
  std::string opened;
  if (encrypts() != ((piece.flags & kEncrypted) != 0)) return damaged();
  if (encrypts()) {
    if (stored.size() < crypto::kAeadNonceSize + crypto::kAeadTagSize) return damaged();
    const std::string_view nonce = stored.substr(0, crypto::kAeadNonceSize);
    stored.remove_prefix(nonce.size());
    opened.resize(stored.size() - crypto::kAeadTagSize);
    if (!crypto::open_sealed(cipher_, key_, nonce, sealed_head(piece), stored, opened.data()))
      return damaged();
    stored = opened;
  }
  std::string plain;
  if ((piece.flags & kCompressed) == 0)
    plain = stored;
  else if (!codec::read_s2_block(stored, piece.size, plain))
    return damaged();
  if (plain.size() != piece.size) return damaged();
  return plain;
}

}  // namespace midge::store
