// Goal: a store opens with its key alone; a new key or cipher takes over and the old one opens no
// more; nothing is changed by a refusal. Method: a file on a real disk, opened as an operator
// would.
#include "store/pack/keyring.h"

#include <doctest/doctest.h>

#include "io/posix/posix_entropy.h"
#include "io/posix/test_folder.h"

namespace midge::store {
namespace {

using crypto::Cipher;

struct Store {
  io::TestFolder folder;
  io::PosixDisk disk;
  io::PosixEntropy entropy;

  Result<std::shared_ptr<const Keyring>> open(const std::string& key,
                                              const std::string& previous = "",
                                              Cipher cipher = Cipher::kAes) {
    return Keyring::open(disk, folder.path(), {cipher, key, previous}, entropy);
  }
};

TEST_CASE("without a key nothing is encrypted") {
  Store store;
  const auto ring = store.open("");
  REQUIRE(ring);
  CHECK(*ring == nullptr);
  CHECK(store.folder.names().empty());
}

TEST_CASE("the same key opens again, and nothing else does") {
  Store store;
  const auto made = store.open("secret");
  REQUIRE((made && *made));
  CHECK((*made)->news() != "");
  CHECK(store.folder.names() == std::vector<std::string>{"keys"});
  const std::string file = store.folder.read("keys");
  CHECK(file.find((*made)->current().key) == std::string::npos);

  const auto again = store.open("secret");
  REQUIRE((again && *again));
  CHECK((*again)->current().key == (*made)->current().key);
  CHECK((*again)->news() == "");

  for (const auto& [key, previous] : {std::pair{"", ""}, {"other", ""}, {"other", "another"}}) {
    const auto refused = store.open(key, previous);
    REQUIRE(!refused);
    CHECK(refused.error().code() == ErrorCode::kInvalid);
    CHECK(refused.error().text().find("secret") == std::string::npos);
  }
  CHECK(store.folder.read("keys") == file);
}

TEST_CASE("a new key takes over") {
  Store store;
  const DataKey first = (*store.open("old"))->current();
  const auto rotated = store.open("new", "old");
  REQUIRE(rotated);
  CHECK((*rotated)->current().id != first.id);
  REQUIRE((*rotated)->find(first.id) != nullptr);
  CHECK((*rotated)->find(first.id)->key == first.key);
  // It may stay configured.
  const auto again = store.open("new", "old");
  REQUIRE(again);
  CHECK((*again)->current().id == (*rotated)->current().id);
  CHECK(!store.open("old"));
  CHECK(store.open("new"));
}

TEST_CASE("another cipher takes over for what is written from now on") {
  Store store;
  const DataKey first = (*store.open("k"))->current();
  const auto changed = store.open("k", "", Cipher::kChaCha);
  REQUIRE(changed);
  CHECK((*changed)->current().cipher == Cipher::kChaCha);
  CHECK((*changed)->find(first.id)->cipher == Cipher::kAes);
  CHECK((*changed)->find(1 + first.id) == nullptr);
}

TEST_CASE("a damaged file is said to be so") {
  Store store;
  REQUIRE(store.open("k"));
  const std::string good = store.folder.read("keys");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    store.folder.write("keys", bad);
    const auto refused = store.open("k");
    REQUIRE(!refused);
    CHECK(refused.error().text().find("configured") == std::string::npos);
  }
  store.folder.write("keys", good.substr(0, 20));
  CHECK(!store.open("k"));
  store.folder.write("keys", good);
  CHECK(store.open("k"));
}

}  // namespace
}  // namespace midge::store
