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

  BatchSeal(const DataKey& key, const SegmentHead& segment);

  // The records as they are stored, in place of what `stored` had; `head` becomes theirs. A segment
  // has a batch's number once.
  void seal(BatchHead& head, std::string_view records, std::string& stored) const;
  // The id of the key that they were sealed with; 0: none.
  static std::uint32_t key_of(std::string_view stored);
  // Errors: kInvalid: not sealed so.
  Result<std::string> open(const BatchHead& head, std::string_view stored) const;

 private:
  std::uint32_t id_;
  crypto::Cipher cipher_;
  std::string key_;
};

}  // namespace midge::store
