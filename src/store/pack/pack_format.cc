#include "store/pack/pack_format.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "codec/s2_block.h"
#include "store/checksum.h"
#include "store/fields.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGEPCK";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kCompresses = 1;  // flag of a file
constexpr std::size_t kCopySize = 48;     // of one copy of the head, its checksum included
constexpr std::size_t kSecondCopy = 512;
// What the files begin with that may be packed, and are not.
constexpr std::string_view kPlain[] = {"MIDGEBLK", "MIDGECHK"};
constexpr std::uint32_t kPieceMagic = 0x4350474d;
constexpr std::uint32_t kCompressed = 1, kEncrypted = 2;  // flags of a piece
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kStoredMax = kPieceMax + crypto::kAeadNonceSize + crypto::kAeadTagSize;

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

bool is_plain(std::string_view magic) {
  return magic.size() < kMagic.size() || std::ranges::find(kPlain, magic) != std::end(kPlain);
}

std::string write_pack_head(const PackHead& head) {
  std::string bytes(kMagic);
  add_field(bytes, kVersion);
  add_field(bytes, head.key_id);
  add_field(bytes, head.compressed ? kCompresses : 0U);
  add_field(bytes, std::uint32_t{0});
  bytes += head.salt;
  add_field(bytes, checksum(bytes));
  const std::string copy = bytes;
  bytes.resize(kSecondCopy, '\0');
  bytes += copy;
  bytes.resize(kPackHead, '\0');
  return bytes;
}

Result<std::optional<PackHead>> read_pack_head(std::string_view bytes) {
  for (const std::size_t at : {std::size_t{0}, kSecondCopy}) {
    if (bytes.size() < at + kCopySize) return std::nullopt;
    const std::string_view copy = bytes.substr(at, kCopySize);
    // The checksum is that of all versions: a flipped bit is no newer one.
    if (!copy.starts_with(kMagic) || checksum(copy.substr(0, kCopySize - 8)) !=
                                         get_little<std::uint64_t>(copy.data() + kCopySize - 8))
      continue;
    FieldReader fields(copy.substr(kMagic.size()));
    const auto version = fields.number<std::uint32_t>();
    PackHead head;
    head.key_id = fields.number<std::uint32_t>();
    const auto flags = fields.number<std::uint32_t>();
    if (version != kVersion || (flags & ~kCompresses) != 0)
      return failure("the file was written by another version", ErrorCode::kInvalid);
    head.compressed = flags == kCompresses;
    (void)fields.number<std::uint32_t>();
    head.salt = fields.text(kSaltSize);
    return head;
  }
  return std::nullopt;
}

Result<Packer> Packer::create(const PackHead& head, const Keyring* keys) {
  Packer packer;
  packer.compresses_ = head.compressed;
  packer.seed_ = get_little<std::uint64_t>(head.salt.data());
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
  add_field(head, checksum(stored, seed_));
  add_field(head, checksum(head, seed_));
  into.append(head).append(stored);
  into.append(piece.length() - kPieceHead - stored.size(), '\0');
}

std::optional<Packer::Piece> Packer::read_head(std::string_view bytes) const {
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
  const bool is_right =
      fields.number<std::uint64_t>() == checksum(bytes.substr(0, kPieceHead - 8), seed_);
  if (!is_right || piece.size == 0 || piece.size > kPieceMax || piece.stored > kStoredMax)
    return std::nullopt;
  return piece;
}

bool Packer::unpack(const Piece& piece, std::string_view stored, char* into) const {
  if (stored.size() != piece.stored || checksum(stored, seed_) != piece.checksum) return false;
  if (encrypts() != ((piece.flags & kEncrypted) != 0)) return false;
  const bool is_compressed = (piece.flags & kCompressed) != 0;
  std::string opened;
  if (encrypts()) {
    constexpr std::size_t kOverhead = crypto::kAeadNonceSize + crypto::kAeadTagSize;
    if (stored.size() < kOverhead) return false;
    const std::size_t size = stored.size() - kOverhead;
    if (!is_compressed && size != piece.size) return false;
    if (is_compressed) opened.resize(size);
    const std::string_view nonce = stored.substr(0, crypto::kAeadNonceSize);
    if (!crypto::open_sealed(cipher_, key_, nonce, sealed_head(piece), stored.substr(nonce.size()),
                             is_compressed ? opened.data() : into))
      return false;
    if (!is_compressed) return true;
    stored = opened;
  }
  if (!is_compressed) return stored.size() == piece.size && stored.copy(into, piece.size) > 0;
  std::string plain;
  if (!codec::read_s2_block(stored, piece.size, plain) || plain.size() != piece.size) return false;
  plain.copy(into, plain.size());
  return true;
}

}  // namespace midge::store
