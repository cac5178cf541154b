#include "crypto/xkey.h"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "crypto/nkey_text.h"

namespace midge::crypto {
namespace {

constexpr std::string_view kVersion = "xkv1";
constexpr std::size_t kHeadSize = kVersion.size() + kBoxNonceSize;
static_assert(kBoxNonceSize == crypto_box_NONCEBYTES);

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* unsigned_bytes(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// A seed's bytes, wiped when they are not needed any more.
class Secret {
 public:
  explicit Secret(std::string_view seed) : bytes_(seed_bytes(NkeyKind::kCurve, seed)) {}
  ~Secret() {
    if (bytes_) sodium_memzero(bytes_->data(), bytes_->size());
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  explicit operator bool() const { return bytes_.has_value(); }
  [[nodiscard]] const unsigned char* data() const { return unsigned_bytes(*bytes_); }

 private:
  std::optional<std::string> bytes_;
};

std::unexpected<Error> invalid(const char* text) {
  return failure(std::string("nkeys: ") + text, ErrorCode::kInvalid);
}

}  // namespace

Result<std::string> seal_box(std::string_view text, std::string_view seed,
                             std::string_view recipient, const BoxNonce& nonce) {
  const Secret secret(seed);
  const auto key = public_bytes(NkeyKind::kCurve, recipient);
  if (!secret) return invalid("not the seed of a curve key");
  if (!key) return invalid("not a valid recipient public curve key");
  std::string sealed(kVersion);
  sealed.append(nonce.begin(), nonce.end());
  sealed.resize(kHeadSize + crypto_box_MACBYTES + text.size());
  if (crypto_box_easy(unsigned_bytes(sealed) + kHeadSize, unsigned_bytes(text), text.size(),
                      nonce.data(), unsigned_bytes(*key), secret.data()) != 0)
    return invalid("not a valid recipient public curve key");
  return sealed;
}

Result<std::string> open_box(std::string_view sealed, std::string_view seed,
                             std::string_view sender) {
  if (sealed.size() <= kHeadSize) return invalid("encrypted input is not valid");
  if (!sealed.starts_with(kVersion)) return invalid("encrypted input wrong version");
  const Secret secret(seed);
  const auto key = public_bytes(NkeyKind::kCurve, sender);
  if (!secret) return invalid("not the seed of a curve key");
  if (!key) return invalid("not a valid sender public curve key");
  const std::string_view box = sealed.substr(kHeadSize);
  std::string text(box.size() - std::min<std::size_t>(box.size(), crypto_box_MACBYTES), '\0');
  if (box.size() < crypto_box_MACBYTES ||
      crypto_box_open_easy(unsigned_bytes(text), unsigned_bytes(box), box.size(),
                           unsigned_bytes(sealed.substr(kVersion.size())), unsigned_bytes(*key),
                           secret.data()) != 0)
    return invalid("could not decrypt input");
  return text;
}

}  // namespace midge::crypto
