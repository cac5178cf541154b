// The text form: base32 of {prefix, 32 bytes of key, checksum}; in a seed the prefix is two bytes,
// of which the first five bits spell S and the next eight are the kind's own prefix. The checksum
// is CRC-16/XMODEM of all before it, lower byte first.
#include "crypto/nkey.h"

#include <sodium.h>

#include <optional>

#include "crypto/base32.h"
#include "crypto/nkey_text.h"

namespace midge::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kChecksumSize = 2;
constexpr std::size_t kPublicLetters = 56;
constexpr std::size_t kSeedLetters = 58;
constexpr std::size_t kSignatureSize = crypto_sign_BYTES;

// Five bits that become the first letter, in the place they have in the first byte.
constexpr unsigned char letter_prefix(char letter) {
  return static_cast<unsigned char>((letter - 'A') << 3);
}

constexpr unsigned char kSeedPrefix = letter_prefix('S');

constexpr unsigned char prefix_of(NkeyKind kind) {
  switch (kind) {
    case NkeyKind::kServer:
      return letter_prefix('N');
    case NkeyKind::kUser:
      return letter_prefix('U');
    case NkeyKind::kAccount:
      return letter_prefix('A');
    case NkeyKind::kOperator:
      return letter_prefix('O');
    case NkeyKind::kCluster:
      return letter_prefix('C');
    case NkeyKind::kCurve:
      return letter_prefix('X');
  }
  return 0;
}

bool can_sign(unsigned char prefix) {
  for (const NkeyKind kind : {NkeyKind::kServer, NkeyKind::kUser, NkeyKind::kAccount,
                              NkeyKind::kOperator, NkeyKind::kCluster})
    if (prefix == prefix_of(kind)) return true;
  return false;
}

unsigned checksum(std::string_view bytes) {
  unsigned sum = 0;
  for (const char byte : bytes) {
    sum ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 0x8000) != 0 ? (sum << 1) ^ 0x1021 : sum << 1;
    sum &= 0xFFFF;
  }
  return sum;
}

std::string to_text(std::string bytes) {
  const unsigned sum = checksum(bytes);
  bytes += static_cast<char>(sum & 0xFF);
  bytes += static_cast<char>(sum >> 8);
  return encode_base32(bytes);
}

// The bytes before the checksum, or nothing if the text is malformed.
std::optional<std::string> from_text(std::string_view text, std::size_t letters) {
  if (text.size() != letters) return std::nullopt;
  std::optional<std::string> bytes = decode_base32(text);
  if (!bytes) return std::nullopt;
  const std::size_t size = bytes->size() - kChecksumSize;
  const unsigned sum = static_cast<unsigned char>((*bytes)[size]) |
                       static_cast<unsigned>(static_cast<unsigned char>((*bytes)[size + 1])) << 8;
  bytes->resize(size);
  if (checksum(*bytes) != sum) return std::nullopt;
  return bytes;
}

unsigned char first_byte(std::string_view bytes) { return static_cast<unsigned char>(bytes[0]); }

// The prefix of the key's own kind, in the two bytes that a seed begins with.
unsigned char seed_prefix(std::string_view bytes) {
  return static_cast<unsigned char>((first_byte(bytes) & 7) << 5 |
                                    static_cast<unsigned char>(bytes[1]) >> 3);
}

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// A pair as libsodium wants it; forgets its secret.
struct SigningKey {
  unsigned char prefix = 0;
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_bytes{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};

  SigningKey() = default;
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey() { sodium_memzero(secret.data(), secret.size()); }

  static Result<SigningKey> from_seed(std::string_view seed) {
    std::optional<std::string> bytes = from_text(seed, kSeedLetters);
    const bool signs =
        bytes && (first_byte(*bytes) & 0xF8) == kSeedPrefix && can_sign(seed_prefix(*bytes));
    if (!signs) return failure("not the seed of an nkey that signs", ErrorCode::kInvalid);
    SigningKey key;
    key.prefix = seed_prefix(*bytes);
    crypto_sign_seed_keypair(key.public_bytes.data(), key.secret.data(),
                             unsigned_bytes(*bytes) + 2);
    sodium_memzero(bytes->data(), bytes->size());
    return key;
  }
};

}  // namespace

std::optional<std::string> public_bytes(NkeyKind kind, std::string_view text) {
  std::optional<std::string> bytes = from_text(text, kPublicLetters);
  if (!bytes || first_byte(*bytes) != prefix_of(kind)) return std::nullopt;
  return bytes->substr(1);
}

std::optional<std::string> seed_bytes(NkeyKind kind, std::string_view text) {
  std::optional<std::string> bytes = from_text(text, kSeedLetters);
  if (!bytes) return std::nullopt;
  const bool fits =
      (first_byte(*bytes) & 0xF8) == kSeedPrefix && seed_prefix(*bytes) == prefix_of(kind);
  std::optional<std::string> raw;
  if (fits) raw = bytes->substr(2);
  sodium_memzero(bytes->data(), bytes->size());
  return raw;
}

NkeyPair make_nkey(NkeyKind kind, const std::array<unsigned char, 32>& entropy) {
  std::array<unsigned char, kKeySize> public_bytes;
  if (kind == NkeyKind::kCurve) {
    crypto_scalarmult_base(public_bytes.data(), entropy.data());
  } else {
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret;
    crypto_sign_seed_keypair(public_bytes.data(), secret.data(), entropy.data());
    sodium_memzero(secret.data(), secret.size());
  }
  const unsigned char prefix = prefix_of(kind);
  std::string seed;
  seed += static_cast<char>(kSeedPrefix | (prefix >> 5));
  seed += static_cast<char>((prefix & 31) << 3);
  seed.append(entropy.begin(), entropy.end());
  std::string key(1, static_cast<char>(prefix));
  key.append(public_bytes.begin(), public_bytes.end());
  return {to_text(std::move(key)), to_text(std::move(seed))};
}

bool is_public_nkey(NkeyKind kind, std::string_view text) {
  const std::optional<std::string> bytes = from_text(text, kPublicLetters);
  return bytes && first_byte(*bytes) == prefix_of(kind);
}

Result<bool> verify(std::string_view public_key, std::string_view message,
                    std::string_view signature) {
  const std::optional<std::string> bytes = from_text(public_key, kPublicLetters);
  if (!bytes || !can_sign(first_byte(*bytes)))
    return failure("not a public nkey that signs", ErrorCode::kInvalid);
  if (signature.size() != kSignatureSize) return false;
  return crypto_sign_verify_detached(unsigned_bytes(signature), unsigned_bytes(message),
                                     message.size(), unsigned_bytes(*bytes) + 1) == 0;
}

Result<std::string> public_key_of(std::string_view seed) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::from_seed(seed));
  std::string text(1, static_cast<char>(key.prefix));
  text.append(key.public_bytes.begin(), key.public_bytes.end());
  return to_text(std::move(text));
}

Result<std::string> sign(std::string_view seed, std::string_view message) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::from_seed(seed));
  std::string signature(kSignatureSize, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       unsigned_bytes(message), message.size(), key.secret.data());
  return signature;
}

}  // namespace midge::crypto
