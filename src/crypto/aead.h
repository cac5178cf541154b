// Authenticated encryption (AES-256-GCM, ChaCha20-Poly1305) and derived keys, by OpenSSL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace midge::crypto {

enum class Cipher : std::uint8_t { kAes = 1, kChaCha = 2 };
// As people know it.
[[nodiscard]] constexpr const char* name_of(Cipher cipher) {
  return cipher == Cipher::kAes ? "AES-GCM" : "ChaCha20-Poly1305";
}

inline constexpr std::size_t kAeadKeySize = 32, kAeadNonceSize = 12, kAeadTagSize = 16;

// Appends the ciphertext and the tag. Never twice the same nonce with one key.
void seal(Cipher cipher, std::string_view key, std::string_view nonce, std::string_view additional,
          std::string_view plain, std::string& into);
// The plain bytes, at `plain`, of sealed.size() - kAeadTagSize. False: it is not what was sealed
// with this key, nonce and additional data; then what is at `plain` means nothing.
[[nodiscard]] bool open_sealed(Cipher cipher, std::string_view key, std::string_view nonce,
                               std::string_view additional, std::string_view sealed, char* plain);

// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);
// 32 bytes from what people choose (PBKDF2 with HMAC-SHA-256).
std::string stretch_key(std::string_view secret, std::string_view salt, std::uint32_t iterations);

}  // namespace midge::crypto
