#include "store/journal/batch_seal.h"

#include <array>

#include "store/fields.h"

namespace midge::store {
namespace {

constexpr std::size_t kAdditional = 36;  // of the batch's head

std::string additional_data(const BatchHead& head) {
  std::array<char, kBatchHeadSize> bytes;
  encode(head, {}, 0, bytes);
  return {bytes.data(), kAdditional};
}

}  // namespace

BatchSeal::BatchSeal(const DataKey& key, const SegmentHead& segment) : cipher_(key.cipher) {
  std::string salt;
  add_field(salt, segment.journal);
  add_field(salt, segment.number);
  add_field(salt, segment.salt);
  key_ = key.derive("segment", salt);
}

std::string BatchSeal::seal(BatchHead& head, std::string_view records) const {
  head.length = static_cast<std::uint32_t>(records.size() + kOverhead);
  head.flags |= kBatchEncrypted;
  std::string stored;
  stored.reserve(head.length);
  add_field(stored, head.number);
  stored.resize(crypto::kAeadNonceSize, '\0');
  const std::string nonce = stored;
  crypto::seal(cipher_, key_, nonce, additional_data(head), records, stored);
  return stored;
}

Result<std::string> BatchSeal::open(const BatchHead& head, std::string_view stored) const {
  const auto refused = [] { return failure("a batch can not be decrypted", ErrorCode::kInvalid); };
  if (stored.size() < kOverhead) return refused();
  std::string records(stored.size() - kOverhead, '\0');
  const std::string_view nonce = stored.substr(0, crypto::kAeadNonceSize);
  if (!crypto::open_sealed(cipher_, key_, nonce, additional_data(head), stored.substr(nonce.size()),
                           records.data()))
    return refused();
  return records;
}

}  // namespace midge::store
