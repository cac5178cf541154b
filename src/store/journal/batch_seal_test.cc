// Goal: a batch opens in its segment, with its head, and nowhere else. Method: each of them
// changed.
#include "store/journal/batch_seal.h"

#include <doctest/doctest.h>

namespace midge::store {
namespace {

TEST_CASE("a batch opens only as it was sealed") {
  const DataKey key{7, crypto::Cipher::kChaCha, std::string(32, 'k')};
  const SegmentHead segment{.journal = 1, .number = 2, .salt = 3};
  const BatchSeal seal(key, segment);
  BatchHead head{.number = 5, .position = {100}, .synced = 4};
  std::string stored = "what was there";
  seal.seal(head, "records", stored);
  CHECK(head.length == stored.size());
  CHECK(stored.size() == 7 + BatchSeal::kOverhead);
  CHECK(head.flags == kBatchEncrypted);
  CHECK(stored.find("records") == std::string::npos);
  CHECK(seal.open(head, stored) == "records");
  CHECK(BatchSeal::key_of(stored) == 7);
  CHECK(BatchSeal::key_of(stored.substr(0, 11)) == 0);

  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::string bad = stored;
    bad[i] ^= 1;
    CHECK(!seal.open(head, bad));
  }
  CHECK(!seal.open(head, stored.substr(0, 20)));
  for (int field = 0; field < 3; ++field) {
    BatchHead other = head;
    if (field == 0) ++other.number;
    if (field == 1) other.position = {101};
    if (field == 2) ++other.synced;
    CHECK(!seal.open(other, stored));
  }
  for (int field = 0; field < 3; ++field) {
    SegmentHead other = segment;
    if (field == 0) ++other.journal;
    if (field == 1) ++other.number;
    if (field == 2) ++other.salt;
    CHECK(!BatchSeal(key, other).open(head, stored));
  }
}

}  // namespace
}  // namespace midge::store
