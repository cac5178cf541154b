#include "store/pack/keyring.h"

#include <algorithm>
#include <span>

#include "store/checksum.h"
#include "store/fields.h"
#include "store/pack/random_bytes.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGEKEY";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kIterationsMax = 10'000'000;
constexpr std::size_t kSaltSize = 16, kChecksumSize = 8;
constexpr std::size_t kKeyEntry = 8 + crypto::kAeadKeySize;

constexpr const char* kNames[] = {"keys", "keys.copy"};

std::string path_in(const std::string& folder, const char* name) { return folder + "/" + name; }

std::unexpected<Error> refused(const std::string& folder, std::string_view why) {
  return failure("\"" + path_in(folder, kNames[0]) + "\": " + std::string(why),
                 ErrorCode::kInvalid);
}

// Of a whole file.
struct SealedKeys {
  std::string_view head;  // what is additional data
  std::string_view salt, nonce, sealed;
  std::uint32_t iterations = 0, count = 0;
  crypto::Cipher cipher{};
};

// Errors: kIo: damaged; kInvalid: another version wrote it.
Result<SealedKeys> read_sealed(std::string_view file) {
  const auto damaged = [] {
    return failure("its checksum is wrong, or it is cut off", ErrorCode::kIo);
  };
  if (file.size() < kMagic.size() + kChecksumSize || !file.starts_with(kMagic)) return damaged();
  const std::string_view content = file.substr(0, file.size() - kChecksumSize);
  // In all versions: a flipped bit is no newer one.
  if (checksum(content) != get_little<std::uint64_t>(file.data() + content.size()))
    return damaged();
  FieldReader fields(content.substr(kMagic.size()));
  if (fields.number<std::uint32_t>() != kVersion)
    return failure("another version wrote it", ErrorCode::kInvalid);
  SealedKeys keys;
  keys.cipher = static_cast<crypto::Cipher>(fields.number<std::uint32_t>());
  keys.iterations = fields.number<std::uint32_t>();
  keys.count = fields.number<std::uint32_t>();
  keys.salt = fields.text(kSaltSize);
  keys.nonce = fields.text(crypto::kAeadNonceSize);
  keys.sealed = fields.rest();
  if (fields.failed() || keys.iterations == 0 || keys.iterations > kIterationsMax ||
      keys.sealed.size() != keys.count * std::size_t{kKeyEntry} + crypto::kAeadTagSize)
    return failure("another version wrote it", ErrorCode::kInvalid);
  keys.head = content.substr(0, content.size() - keys.sealed.size() - keys.nonce.size());
  return keys;
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

bool Keyring::is_there(io::Disk& disk, const std::string& folder) {
  return std::ranges::any_of(kNames,
                             [&](const char* name) { return disk.exists(path_in(folder, name)); });
}

Result<std::shared_ptr<const Keyring>> Keyring::open(io::Disk& disk, const std::string& folder,
                                                     const KeySettings& settings,
                                                     io::Entropy& entropy,
                                                     const PutAway& put_away) {
  auto ring = std::make_shared<Keyring>();
  if (!is_there(disk, folder)) {
    if (settings.key.empty()) return nullptr;
    TRY(ring->make_new(disk, folder, settings, entropy));
    return ring;
  }
  if (settings.key.empty())
    return refused(folder, "the store is encrypted, and no key is configured");
  std::vector<std::string> whole;
  std::vector<std::pair<std::string, std::string>> damaged;  // and why
  for (const char* name : kNames) {
    const std::string path = path_in(folder, name);
    if (!disk.exists(path)) continue;
    ASSIGN_OR_RETURN(std::string file, disk.read_file(path));
    const auto read = read_sealed(file);
    if (!read && read.error().code() == ErrorCode::kInvalid)
      return std::unexpected(read.error().within(path));
    if (read)
      whole.push_back(std::move(file));
    else
      damaged.emplace_back(path, read.error().text());
  }
  if (whole.empty())
    return refused(folder, "it is damaged, and so is its copy, or it is not there");
  const bool are_same = whole.size() == 2 && whole[0] == whole[1];
  if (are_same) whole.pop_back();
  // If a rotation was cut short, one of them has a key more.
  bool rotates = false;
  for (const std::string& file : whole) {
    Keyring one;
    const bool is_current = one.unseal(file, settings.key);
    if (!is_current && (settings.previous.empty() || !one.unseal(file, settings.previous)))
      continue;
    if (one.keys_.size() <= ring->keys_.size()) continue;
    *ring = std::move(one);
    rotates = !is_current;
  }
  if (ring->keys_.empty())
    return refused(folder,
                   settings.previous.empty()
                       ? "the configured key is not the one that the store is encrypted with"
                       : "neither the configured key nor the previous one is the one that "
                         "the store is encrypted with");
  const bool changes = ring->current().cipher != settings.cipher;
  if (are_same && !rotates && !changes) return ring;
  if (rotates)
    ring->news_ = "the store is encrypted with the new key from now on";
  else if (changes)
    ring->news_ = "the store is encrypted with the other cipher from now on";
  if (rotates || changes) ring->add_key(settings.cipher, entropy);
  for (const auto& [path, why] : damaged)
    if (put_away) TRY(put_away(path, why));
  TRY(ring->write(disk, folder, settings, entropy));
  return ring;
}

Result<void> Keyring::make_new(io::Disk& disk, const std::string& folder,
                               const KeySettings& settings, io::Entropy& entropy) {
  add_key(settings.cipher, entropy);
  news_ = "the store is encrypted from now on; what was written before is written anew by and by";
  return write(disk, folder, settings, entropy);
}

Result<void> Keyring::write(io::Disk& disk, const std::string& folder, const KeySettings& settings,
                            io::Entropy& entropy) const {
  std::string file(kMagic);
  add_field(file, kVersion);
  add_field(file, static_cast<std::uint32_t>(settings.cipher));
  add_field(file, settings.iterations);
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
  crypto::seal(settings.cipher, crypto::stretch_key(settings.key, salt, settings.iterations), nonce,
               file, plain, sealed);
  file += nonce + sealed;
  add_field(file, checksum(file));
  for (const char* name : kNames) {
    const std::string fresh = path_in(folder, name) + ".new";
    TRY(disk.write_file(fresh, file));
    ASSIGN_OR_RETURN(const auto open, disk.open(fresh, io::OpenMode::kWrite));
    TRY(open->sync());
  }
  // One is always whole, by its name, too.
  for (const char* name : kNames) {
    const std::string path = path_in(folder, name);
    TRY(disk.rename_file(path + ".new", path));
    TRY(disk.sync_directory(folder));
  }
  return {};
}

bool Keyring::unseal(std::string_view file, std::string_view secret) {
  const SealedKeys from = *read_sealed(file);
  std::string plain(from.sealed.size() - crypto::kAeadTagSize, '\0');
  if (!crypto::open_sealed(from.cipher, crypto::stretch_key(secret, from.salt, from.iterations),
                           from.nonce, from.head, from.sealed, plain.data()))
    return false;
  FieldReader fields(plain);
  keys_.clear();
  for (std::uint32_t i = 0; i < from.count; ++i) {
    DataKey key;
    key.id = fields.number<std::uint32_t>();
    key.cipher = static_cast<crypto::Cipher>(fields.number<std::uint32_t>());
    key.key = fields.text(crypto::kAeadKeySize);
    keys_.push_back(std::move(key));
  }
  return !keys_.empty();
}

}  // namespace midge::store
