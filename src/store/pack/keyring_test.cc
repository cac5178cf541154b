// Goal: a store opens with its key alone; a new key or cipher takes over and the old one opens no
// more; nothing is changed by a refusal. Method: a file on a real disk, opened as an operator
// would.
#include "store/pack/keyring.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

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
    return Keyring::open(disk, folder.path(), {cipher, key, previous}, entropy,
                         [this](const std::string& path, const std::string&) -> Result<void> {
                           put_away.push_back(path.substr(path.rfind('/') + 1));
                           return {};
                         });
  }
  std::vector<std::string> put_away;
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
  CHECK(store.folder.names() == std::vector<std::string>{"keys", "keys.copy"});
  const std::string file = store.folder.read("keys");
  CHECK(store.folder.read("keys.copy") == file);
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
  CHECK(store.folder.read("keys.copy") == file);
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

TEST_CASE("either file will do; the other is made anew") {
  Store store;
  const DataKey key = (*store.open("k"))->current();
  const std::string good = store.folder.read("keys");
  for (const char* name : {"keys", "keys.copy"}) {
    for (std::size_t i = 0; i < good.size(); i += 7) {
      std::string bad = good;
      bad[i] ^= 1;
      store.folder.write(name, bad);
      // Who does not have the key changes nothing.
      CHECK(!store.open("other"));
      CHECK(store.put_away.empty());
      CHECK(store.folder.read(name) == bad);
      const auto opened = store.open("k");
      REQUIRE(opened);
      CHECK((*opened)->current().key == key.key);
      CHECK(std::exchange(store.put_away, {}) == std::vector<std::string>{name});
      CHECK(store.folder.read("keys") == store.folder.read("keys.copy"));
    }
    REQUIRE(store.disk.remove_file(store.folder.path(name)));
    CHECK((*store.open("k"))->current().key == key.key);
    CHECK(store.put_away.empty());
    CHECK(store.folder.read("keys") == store.folder.read("keys.copy"));
  }
}

TEST_CASE("a rotation that was cut short goes on") {
  Store store;
  const DataKey first = (*store.open("old"))->current();
  const std::string before = store.folder.read("keys");
  const DataKey second = (*store.open("new", "old"))->current();
  for (const char* name : {"keys", "keys.copy"}) {
    store.folder.write(name, before);
    const auto opened = store.open("new", "old");
    REQUIRE(opened);
    CHECK((*opened)->current().key == second.key);
    CHECK((*opened)->find(first.id) != nullptr);
    CHECK(store.folder.read("keys") == store.folder.read("keys.copy"));
    CHECK(!store.open("old"));
  }
  // Or it was never begun.
  store.folder.write("keys", before);
  store.folder.write("keys.copy", before);
  CHECK((*store.open("old"))->current().key == first.key);
}

TEST_CASE("damage of both files is said") {
  Store store;
  REQUIRE(store.open("k"));
  const std::string good = store.folder.read("keys");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    store.folder.write("keys", bad);
    store.folder.write("keys.copy", bad);
    const auto refused = store.open("k");
    REQUIRE(!refused);
    CHECK(refused.error().text().find("damaged") != std::string::npos);
    CHECK(store.folder.read("keys") == bad);
  }
  CHECK(store.put_away.empty());
  store.folder.write("keys", good.substr(0, 20));
  CHECK(!store.open("k"));
  store.folder.write("keys", good);
  CHECK(store.open("k"));
}

}  // namespace
}  // namespace midge::store
