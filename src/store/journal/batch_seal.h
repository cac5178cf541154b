// Encrypts the batches of one segment, and opens them. Format: docs/formats/journal.md. Immutable;
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/journal/journal_format.h"
#include "store/pack/keyring.h"

namespace midge::store {

class BatchSeal {
 public:
  // What a batch is longer by.
  static constexpr std::size_t kOverhead = crypto::kAeadNonceSize + crypto::kAeadTagSize;

  // `segment` has the key's id.
  BatchSeal(const DataKey& key, const SegmentHead& segment);

  // The records as they are stored; `head` becomes theirs. A segment has a batch's number once.
  std::string seal(BatchHead& head, std::string_view records) const;
  // Errors: kInvalid: not sealed so.
  Result<std::string> open(const BatchHead& head, std::string_view stored) const;

 private:
  crypto::Cipher cipher_;
  std::string key_;
};

}  // namespace midge::store
