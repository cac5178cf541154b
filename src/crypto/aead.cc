#include "crypto/aead.h"

#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace midge::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* algorithm(Cipher cipher) {
  return cipher == Cipher::kAes ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int size(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

void seal(Cipher cipher, std::string_view key, std::string_view nonce, std::string_view additional,
          std::string_view plain, std::string& into) {
  ENSURE(key.size() == kAeadKeySize && nonce.size() == kAeadNonceSize && plain.size() < INT32_MAX,
         "sizes are those of the cipher");
  const std::size_t begin = into.size();
  into.resize(begin + plain.size() + kAeadTagSize);
  auto* out = reinterpret_cast<unsigned char*>(into.data()) + begin;
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0, last = 0;
  const bool sealed =
      EVP_EncryptInit_ex(context.get(), algorithm(cipher), nullptr, bytes(key), bytes(nonce)) ==
          1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes(additional), size(additional)) ==
          1 &&
      EVP_EncryptUpdate(context.get(), out, &written, bytes(plain), size(plain)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), out + written, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, out + plain.size()) ==
          1;
  ENSURE(sealed, "OpenSSL encrypts");
}

bool open_sealed(Cipher cipher, std::string_view key, std::string_view nonce,
                 std::string_view additional, std::string_view sealed, char* plain) {
  if (key.size() != kAeadKeySize || nonce.size() != kAeadNonceSize ||
      sealed.size() < kAeadTagSize || sealed.size() >= INT32_MAX)
    return false;
  const std::string_view text = sealed.substr(0, sealed.size() - kAeadTagSize);
  std::string tag(sealed.substr(text.size()));
  auto* out = reinterpret_cast<unsigned char*>(plain);
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0, last = 0;
  return EVP_DecryptInit_ex(context.get(), algorithm(cipher), nullptr, bytes(key), bytes(nonce)) ==
             1 &&
         EVP_DecryptUpdate(context.get(), nullptr, &written, bytes(additional), size(additional)) ==
             1 &&
         EVP_DecryptUpdate(context.get(), out, &written, bytes(text), size(text)) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context.get(), out + written, &last) == 1;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  const bool done = HMAC(EVP_sha256(), key.data(), size(key), bytes(text), text.size(), digest,
                         &length) != nullptr;
  ENSURE(done && length == kAeadKeySize, "OpenSSL makes digests");
  return {reinterpret_cast<const char*>(digest), length};
}

std::string stretch_key(std::string_view secret, std::string_view salt, std::uint32_t iterations) {
  std::string key(kAeadKeySize, '\0');
  const bool done = PKCS5_PBKDF2_HMAC(secret.data(), size(secret), bytes(salt), size(salt),
                                      static_cast<int>(iterations), EVP_sha256(), size(key),
                                      reinterpret_cast<unsigned char*>(key.data())) == 1;
  ENSURE(done, "OpenSSL makes keys");
  return key;
}

}  // namespace midge::crypto
