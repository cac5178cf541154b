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

BatchSeal::BatchSeal(const DataKey& key, const SegmentHead& segment)
    : id_(key.id), cipher_(key.cipher) {
  std::string salt;
  add_field(salt, segment.journal);
  add_field(salt, segment.number);
  add_field(salt, segment.salt);
  key_ = key.derive("segment", salt);
}

void BatchSeal::seal(BatchHead& head, std::string_view records, std::string& stored) const {
  head.length = static_cast<std::uint32_t>(records.size() + kOverhead);
  head.flags |= kBatchEncrypted;
  stored.clear();
  add_field(stored, head.number);
  add_field(stored, id_);
  const std::string nonce = stored;
  crypto::seal(cipher_, key_, nonce, additional_data(head), records, stored);
}

std::uint32_t BatchSeal::key_of(std::string_view stored) {
  FieldReader fields(stored);
  (void)fields.number<std::uint64_t>();
  return fields.number<std::uint32_t>();
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
