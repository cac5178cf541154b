#include "store/pack/keyring.h"

#include <algorithm>
#include <span>

#include "store/checksum.h"
#include "store/fields.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGEKEY";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kIterations = 100'000, kIterationsMax = 10'000'000;
constexpr std::size_t kSaltSize = 16, kChecksumSize = 8;

std::string random_bytes(io::Entropy& entropy, std::size_t size) {
  std::string bytes(size, '\0');
  entropy.fill({reinterpret_cast<unsigned char*>(bytes.data()), size});
  return bytes;
}

std::string path_in(const std::string& folder) { return folder + "/keys"; }

std::unexpected<Error> refused(const std::string& folder, std::string_view why) {
  return failure("\"" + path_in(folder) + "\": " + std::string(why), ErrorCode::kInvalid);
}

}  // namespace

std::string DataKey::derive(std::string_view what, std::string_view salt) const {
  return crypto::hmac_sha256(key, std::string(what).append(1, '\0').append(salt));
}

const DataKey* Keyring::find(std::uint32_t id) const {
  const auto found = std::ranges::find(keys_, id, &DataKey::id);
  return found == keys_.end() ? nullptr : &*found;
}

void Keyring::add_key(crypto::Cipher cipher, io::Entropy& entropy) {
  DataKey made{0, cipher, random_bytes(entropy, crypto::kAeadKeySize)};
  while (made.id == 0 || find(made.id) != nullptr)
    made.id = static_cast<std::uint32_t>(entropy.next());
  keys_.push_back(std::move(made));
}

Result<std::shared_ptr<const Keyring>> Keyring::open(io::Disk& disk, const std::string& folder,
                                                     const KeySettings& settings,
                                                     io::Entropy& entropy) {
  auto ring = std::make_shared<Keyring>();
  if (!disk.exists(path_in(folder))) {
    if (settings.key.empty()) return nullptr;
    ring->add_key(settings.cipher, entropy);
    ring->news_ = "the store is encrypted from now on; what was written before stays as it is";
    TRY(ring->write(disk, folder, settings, entropy));
    return ring;
  }
  if (settings.key.empty())
    return refused(folder, "the store is encrypted, and no key is configured");
  ASSIGN_OR_RETURN(const std::string file, disk.read_file(path_in(folder)));
  auto opened = ring->read(file, settings.key);
  bool rotated = false;
  if (opened && !*opened && !settings.previous.empty()) {
    opened = ring->read(file, settings.previous);
    rotated = opened && *opened;
  }
  if (!opened) return refused(folder, opened.error().text());
  if (!*opened)
    return refused(folder,
                   settings.previous.empty()
                       ? "the configured key is not the one that the store is encrypted with"
                       : "neither the configured key nor the previous one is the one that "
                         "the store is encrypted with");
  if (rotated) {
    ring->news_ = "the store is encrypted with the new key from now on";
  } else if (ring->current().cipher != settings.cipher) {
    ring->news_ = "the store is encrypted with the other cipher from now on";
  } else {
    return ring;
  }
  ring->add_key(settings.cipher, entropy);
  TRY(ring->write(disk, folder, settings, entropy));
  return ring;
}

Result<void> Keyring::write(io::Disk& disk, const std::string& folder, const KeySettings& settings,
                            io::Entropy& entropy) const {
  std::string file(kMagic);
  add_field(file, kVersion);
  add_field(file, static_cast<std::uint32_t>(settings.cipher));
  add_field(file, kIterations);
  add_field(file, static_cast<std::uint32_t>(keys_.size()));
  const std::string salt = random_bytes(entropy, kSaltSize);
  file += salt;
  std::string plain;
  for (const DataKey& key : keys_) {
    add_field(plain, key.id);
    add_field(plain, static_cast<std::uint32_t>(key.cipher));
    plain += key.key;
  }
  const std::string nonce = random_bytes(entropy, crypto::kAeadNonceSize);
  std::string sealed;
  crypto::seal(settings.cipher, crypto::stretch_key(settings.key, salt, kIterations), nonce, file,
               plain, sealed);
  file += nonce + sealed;
  add_field(file, checksum(file));
  const std::string path = path_in(folder), fresh = path + ".new";
  TRY(disk.write_file(fresh, file));
  {
    ASSIGN_OR_RETURN(const auto open, disk.open(fresh, io::OpenMode::kWrite));
    TRY(open->sync());
  }
  TRY(disk.rename_file(fresh, path));
  return disk.sync_directory(folder);
}

Result<bool> Keyring::read(std::string_view file, std::string_view secret) {
  const auto damaged = [] { return failure("it is damaged", ErrorCode::kInvalid); };
  if (file.size() < kMagic.size() + kChecksumSize || !file.starts_with(kMagic)) return damaged();
  const std::string_view content = file.substr(0, file.size() - kChecksumSize);
  FieldReader fields(content.substr(kMagic.size()));
  if (fields.number<std::uint32_t>() != kVersion)
    return failure("another version wrote it", ErrorCode::kInvalid);
  if (checksum(content) != get_little<std::uint64_t>(file.data() + content.size()))
    return damaged();
  const auto cipher = static_cast<crypto::Cipher>(fields.number<std::uint32_t>());
  const auto iterations = fields.number<std::uint32_t>();
  const auto count = fields.number<std::uint32_t>();
  const std::string_view salt = fields.text(kSaltSize);
  const std::string_view nonce = fields.text(crypto::kAeadNonceSize);
  const std::string_view sealed = fields.rest();
  const std::size_t head = content.size() - sealed.size() - nonce.size();
  if (fields.failed() || iterations == 0 || iterations > kIterationsMax || count == 0 ||
      sealed.size() < crypto::kAeadTagSize)
    return damaged();
  std::string plain(sealed.size() - crypto::kAeadTagSize, '\0');
  if (!crypto::open_sealed(cipher, crypto::stretch_key(secret, salt, iterations), nonce,
                           content.substr(0, head), sealed, plain.data()))
    return false;
  FieldReader keys(plain);
  keys_.clear();
  for (std::uint32_t i = 0; i < count && !keys.failed(); ++i) {
    DataKey key;
    key.id = keys.number<std::uint32_t>();
    key.cipher = static_cast<crypto::Cipher>(keys.number<std::uint32_t>());
    key.key = keys.text(crypto::kAeadKeySize);
    keys_.push_back(std::move(key));
  }
  if (keys.failed() || !keys.at_end()) return damaged();
  return true;
}

}  // namespace midge::store
