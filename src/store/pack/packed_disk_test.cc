// Goal: what was written comes back by whoever has the keys, plain files too; a file shows nothing
// of what it holds; damage costs a piece and no more. Method: a real disk, random writes beside a
// string, every kind of damage.
#include "store/pack/packed_disk.h"

#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "io/posix/posix_entropy.h"
#include "io/posix/test_folder.h"
#include "store/pack/pack_format.h"

namespace midge::store {
namespace {

using crypto::Cipher;

struct Store {
  io::TestFolder folder;
  io::PosixDisk disk;
  io::PosixEntropy entropy;

  Packing packing(Cipher cipher, bool compress) {
    return {*Keyring::open(disk, folder.path(), {cipher, "key", ""}, entropy), compress};
  }
};

std::string text_of(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i * 7919 % 1013) + ", secret ";
  text.resize(size);
  return text;
}

Result<void> write(io::File& file, std::uint64_t offset, std::string_view bytes) {
  const io::Slice slice{bytes.data(), bytes.size()};
  return file.write_at(offset, {&slice, 1});
}

void check_written(Store& store, const Packing& packing) {
  PackedDisk disk(store.disk, store.entropy, packing);
  const std::string path = store.folder.path("file");
  std::mt19937 random(11);
  std::string all;
  std::vector<std::size_t> ends{0};
  for (int round = 0; round < 12; ++round) {
    const auto file = disk.open(path, io::OpenMode::kWrite);
    REQUIRE(file);
    // As it is after a crash: some of what was written goes again.
    all.resize(ends[random() % ends.size()]);
    std::erase_if(ends, [&](std::size_t end) { return end > all.size(); });
    REQUIRE((*file)->truncate(all.size()));
    for (int writes = 0; writes < 4; ++writes) {
      const std::string more = text_of(1 + random() % 100'000);
      REQUIRE(write(**file, all.size(), more));
      all += more;
      ends.push_back(all.size());
    }
  }
  const PackedDisk reader_disk(store.disk, store.entropy, {packing.keys, false});
  auto& reader = const_cast<PackedDisk&>(reader_disk);
  CHECK(reader.read_file(path) == all);
  CHECK(reader.file_size(path) == all.size());
  const auto file = reader.open(path, io::OpenMode::kRead);
  REQUIRE(file);
  for (int round = 0; round < 200; ++round) {
    const std::size_t at = random() % (all.size() + 10);
    std::string piece(random() % 90'000, '\0');
    const auto size = (*file)->read_at(at, piece);
    REQUIRE(size);
    const std::string wanted = at < all.size() ? all.substr(at, piece.size()) : "";
    CHECK(piece.substr(0, *size) == wanted);
  }
  const std::string stored = store.folder.read("file");
  CHECK((stored.find("secret") == std::string::npos) == (packing.keys != nullptr));
  if (packing.compress) CHECK(stored.size() < all.size() / 2);
}

TEST_CASE("what was written comes back") {
  for (const bool compress : {false, true}) {
    for (const Cipher cipher : {Cipher::kAes, Cipher::kChaCha}) {
      Store store;
      check_written(store, store.packing(cipher, compress));
    }
    Store store;
    check_written(store, {nullptr, compress});
  }
}

TEST_CASE("without packing a file is what was written") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, {});
  REQUIRE(disk.write_file(store.folder.path("a"), "plain"));
  CHECK(store.folder.read("a") == "plain");
  const auto file = disk.open(store.folder.path("a"), io::OpenMode::kWrite);
  REQUIRE(write(**file, 2, "XY"));
  CHECK(store.folder.read("a") == "plXYn");
}

TEST_CASE("a file goes on as it was begun, until it begins anew") {
  Store store;
  const Packing packing = store.packing(Cipher::kAes, false);
  PackedDisk disk(store.disk, store.entropy, packing);
  PackedDisk plain(store.disk, store.entropy, {});
  const std::string path = store.folder.path("a");
  store.folder.write("a", "plain");
  {
    const auto file = disk.open(path, io::OpenMode::kWrite);
    REQUIRE((*file)->truncate(5));
    REQUIRE(write(**file, 5, " more"));
  }
  CHECK(store.folder.read("a") == "plain more");
  CHECK(disk.read_file(path) == "plain more");
  CHECK(!disk.look(path)->is_packed);
  CHECK(disk.look(path)->is_outdated);
  CHECK(!plain.look(path)->is_outdated);

  const auto file = disk.open(path, io::OpenMode::kWrite);
  REQUIRE((*file)->truncate(0));
  REQUIRE(write(**file, 0, "anew"));
  CHECK(disk.look(path)->is_packed);
  CHECK(!disk.look(path)->is_outdated);
  CHECK(disk.read_file(path) == "anew");
  const std::string before = store.folder.read("a");
  REQUIRE(write(**file, 0, "again"));
  CHECK(disk.read_file(path) == "again");
  // With a salt of its own.
  CHECK(before.substr(0, kPackHead) != store.folder.read("a").substr(0, kPackHead));

  // A new key, or none, does not concern it.
  Store other;
  PackedDisk rotated(store.disk, store.entropy, other.packing(Cipher::kAes, false));
  CHECK(rotated.look(path)->is_outdated);
  const Packing compressing{packing.keys, true};
  PackedDisk compressed(store.disk, store.entropy, compressing);
  CHECK(!compressed.look(path)->is_outdated);
  PackedDisk unkeyed(store.disk, store.entropy, {nullptr, true});
  REQUIRE(unkeyed.write_file(path, "without a key"));
  REQUIRE(plain.open(path, io::OpenMode::kWrite));
  REQUIRE(write(**plain.open(path, io::OpenMode::kWrite), 0, "plain again"));
  CHECK(store.folder.read("a") == "plain again");
}

TEST_CASE("nothing is written into the middle of a packed file") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, store.packing(Cipher::kAes, true));
  const std::string path = store.folder.path("a");
  const auto file = disk.open(path, io::OpenMode::kWrite);
  REQUIRE(write(**file, 0, "one"));
  REQUIRE(write(**file, 3, "two"));
  for (const std::size_t at : {1, 3, 5, 7})
    CHECK(write(**file, at, "x").error().code() == ErrorCode::kInvalid);
  for (const std::size_t size : {1, 4, 7})
    CHECK((*file)->truncate(size).error().code() == ErrorCode::kInvalid);
  CHECK((*file)->allocate(10).error().code() == ErrorCode::kInvalid);
  CHECK(disk.read_file(path) == "onetwo");
  CHECK((*file)->truncate(3));
  CHECK(disk.read_file(path) == "one");
}

TEST_CASE("several threads may use one file") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, store.packing(Cipher::kAes, false));
  const std::string path = store.folder.path("a");
  const std::string text = text_of(300'000);
  const auto file = disk.open(path, io::OpenMode::kWrite);
  REQUIRE(write(**file, 0, text));
  std::vector<std::thread> readers;
  std::atomic<int> right = 0;
  for (unsigned seed = 0; seed < 3; ++seed)
    readers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int round = 0; round < 60; ++round) {
        std::string piece(1 + random() % 1000, '\0');
        const std::size_t at = random() % (text.size() - piece.size());
        const auto size = (*file)->read_at(at, piece);
        if (size && *size == piece.size() && piece == text.substr(at, piece.size())) ++right;
      }
    });
  for (int i = 0; i < 40; ++i) REQUIRE(write(**file, *(*file)->size(), text.substr(0, 7000)));
  for (std::thread& reader : readers) reader.join();
  CHECK(right == 180);
  CHECK((*file)->size() == text.size() + 40 * 7000);
}

TEST_CASE("without its key a file is refused, not damaged") {
  Store store;
  const std::string path = store.folder.path("a");
  PackedDisk disk(store.disk, store.entropy, store.packing(Cipher::kAes, false));
  REQUIRE(disk.write_file(path, "text"));
  PackedDisk plain(store.disk, store.entropy, {});
  for (const Error& error :
       {plain.read_file(path).error(), plain.open(path, io::OpenMode::kRead).error(),
        plain.open(path, io::OpenMode::kWrite).error()})
    CHECK(error.code() == ErrorCode::kInvalid);
}

TEST_CASE("damage costs the pieces that it is in") {
  for (const bool encrypts : {true, false}) {
    Store store;
    Packing packing = store.packing(Cipher::kChaCha, true);
    if (!encrypts) packing.keys = nullptr;
    PackedDisk disk(store.disk, store.entropy, packing);
    const std::string path = store.folder.path("a");
    const std::string text = text_of(40'000);
    {
      const auto file = disk.open(path, io::OpenMode::kWrite);
      for (std::size_t at = 0; at < text.size(); at += 1000)
        REQUIRE(write(**file, at, text.substr(at, 1000)));
    }
    const std::string good = store.folder.read("a");
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
      std::string bad = good;
      bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
      store.folder.write("a", bad);
      const auto read = disk.read_file(path);
      REQUIRE(read);
      std::size_t lost = 0;
      for (std::size_t at = 0; at < text.size(); at += 1000) {
        const std::string piece = at < read->size() ? read->substr(at, 1000) : "";
        const bool is_whole = piece == text.substr(at, 1000);
        if (!is_whole) CHECK(piece.find_first_not_of('\0') == std::string::npos);
        lost += is_whole ? 0 : 1;
        // Reading it alone says the same.
        const auto file = disk.open(path, io::OpenMode::kRead);
        std::string alone(1000, 'x');
        alone.resize(*(*file)->read_at(at, alone));
        CHECK(alone == piece);
      }
      CHECK(lost <= 1);
    }
    store.folder.write("a", good.substr(0, good.size() - 8));
    CHECK(disk.file_size(path) == text.size() - 1000);
  }
}

TEST_CASE("either copy of the head will do, and without both the file is what lies there") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, store.packing(Cipher::kAes, false));
  const std::string path = store.folder.path("a");
  REQUIRE(disk.write_file(path, "text"));
  const std::string good = store.folder.read("a");
  for (std::size_t at = 0; at < 48; ++at) {
    std::string bad = good;
    bad[at] ^= 1;
    store.folder.write("a", bad);
    CHECK(disk.read_file(path) == "text");
    bad[at + 512] ^= 1;
    store.folder.write("a", bad);
    CHECK(disk.read_file(path) == bad);
    CHECK(!disk.look(path)->is_packed);
  }
}

TEST_CASE("a piece that claims to be elsewhere is none") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, {nullptr, true});
  const std::string path = store.folder.path("a");
  REQUIRE(disk.write_file(path, "text"));
  const std::string good = store.folder.read("a");
  const Packer packer = *Packer::create(**read_pack_head(good), nullptr);
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{5},
                                     std::uint64_t{1} << 40, UINT64_MAX - 2}) {
    std::string bad = good;
    packer.pack(offset, "more", "", bad);
    store.folder.write("a", bad);
    CHECK(disk.read_file(path) == "text");
  }
  std::string longer = good;
  packer.pack(4, "more", "", longer);
  store.folder.write("a", longer);
  CHECK(disk.read_file(path) == "textmore");
}

TEST_CASE("what a message holds does not pass for a piece") {
  Store store;
  PackedDisk disk(store.disk, store.entropy, {nullptr, true});
  const std::string path = store.folder.path("a");
  REQUIRE(disk.write_file(store.folder.path("other"), "forged"));
  REQUIRE(disk.write_file(path, "text"));
  // As it would lie there behind a damaged head, if it could not be compressed.
  const std::string piece = store.folder.read("other").substr(kPackHead);
  std::string bad = store.folder.read("a");
  bad[kPackHead] ^= 1;
  store.folder.write("a", bad + piece);
  CHECK(disk.read_file(path) == "");
}

}  // namespace
}  // namespace midge::store
