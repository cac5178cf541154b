// Goal: files and directories do what io/disk.h and io/file.h say. Method: a real folder; a full
// disk is the device that is always full.
#include "io/posix/posix_disk.h"

#include <doctest/doctest.h>

#include <string>

#include "io/posix/test_folder.h"

using namespace midge;
using namespace midge::io;

namespace {

Result<void> write(File& file, std::uint64_t offset, std::string_view bytes) {
  const Slice slice{bytes.data(), bytes.size()};
  return file.write_at(offset, {&slice, 1});
}

std::string read(File& file, std::uint64_t offset, std::size_t size) {
  std::string into(size, '?');
  const auto count = file.read_at(offset, into);
  REQUIRE(count);
  into.resize(*count);
  return into;
}

}  // namespace

TEST_CASE("a file is written in slices, read at any place, and ends where it ends") {
  const TestFolder folder;
  PosixDisk disk;
  const auto file = disk.open(folder.path("f"), OpenMode::kCreate).value();
  const Slice slices[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  CHECK(file->write_at(3, slices));
  CHECK(read(*file, 0, 100) == std::string("\0\0\0abcde", 8));
  CHECK(read(*file, 4, 2) == "bc");
  CHECK(read(*file, 8, 10).empty());
  CHECK(file->sync());
  CHECK(file->size().value() == 8);
  CHECK(disk.file_size(folder.path("f")).value() == 8);
  CHECK(file->truncate(4));
  CHECK(folder.read("f") == std::string("\0\0\0a", 4));
}

TEST_CASE("more slices than one call of the system takes arrive in order") {
  const TestFolder folder;
  const auto file = PosixDisk().open(folder.path("f"), OpenMode::kCreate).value();
  std::string expected;
  std::vector<std::string> pieces;
  for (int i = 0; i < 3000; ++i) pieces.push_back(std::to_string(i));
  std::vector<Slice> slices;
  for (const std::string& piece : pieces) {
    slices.push_back({piece.data(), piece.size()});
    expected += piece;
  }
  CHECK(file->write_at(0, slices));
  CHECK(folder.read("f") == expected);
}

TEST_CASE("allocated space reads as zeros and keeps what was written") {
  const TestFolder folder;
  const auto file = PosixDisk().open(folder.path("f"), OpenMode::kWrite).value();
  CHECK(write(*file, 0, "abc"));
  CHECK(file->allocate(100'000));
  CHECK(file->size().value() == 100'000);
  CHECK(read(*file, 0, 4) == std::string("abc\0", 4));
  CHECK(read(*file, 99'990, 100) == std::string(10, '\0'));
}

TEST_CASE("modes of opening") {
  const TestFolder folder;
  PosixDisk disk;
  CHECK(disk.open(folder.path("f"), OpenMode::kRead).error().code() == ErrorCode::kNotFound);
  CHECK(disk.open(folder.path("f"), OpenMode::kWrite));
  CHECK(disk.open(folder.path("f"), OpenMode::kWrite));
  CHECK(disk.open(folder.path("f"), OpenMode::kCreate).error().code() == ErrorCode::kExists);
  const auto file = disk.open(folder.path("f"), OpenMode::kRead).value();
  CHECK_FALSE(write(*file, 0, "x"));
  const auto missing = disk.open(folder.path("no/f"), OpenMode::kWrite);
  CHECK(missing.error().text() == "open " + folder.path("no/f") + ": no such file or directory");
}

TEST_CASE("a full disk is told as such") {
  const auto file = PosixDisk().open("/dev/full", OpenMode::kWrite).value();
  const auto written = write(*file, 0, "x");
  REQUIRE_FALSE(written);
  CHECK(written.error().code() == ErrorCode::kNoSpace);
  CHECK(written.error().text() == "write /dev/full: no space left on device");
}

TEST_CASE("directories are made, synced and removed; space is told") {
  const TestFolder folder;
  PosixDisk disk;
  CHECK(disk.make_directory(folder.path("a/b")));
  CHECK(disk.sync_directory(folder.path("a")));
  CHECK(disk.sync_filesystem(folder.path()));
  CHECK_FALSE(disk.remove_directory(folder.path("a")));  // not empty
  CHECK(disk.remove_directory(folder.path("a/b")));
  CHECK_FALSE(disk.exists(folder.path("a/b")));
  CHECK(disk.sync_directory(folder.path("a/b")).error().code() == ErrorCode::kNotFound);
  const DiskSpace space = disk.space(folder.path()).value();
  CHECK(space.total > 0);
  CHECK(space.available <= space.total);
}

TEST_CASE("a lock is held once, until its holder lets go") {
  const TestFolder folder;
  PosixDisk disk;
  auto lock = disk.lock(folder.path("lock"));
  REQUIRE(lock);
  const auto second = disk.lock(folder.path("lock"));
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == ErrorCode::kInUse);
  lock->reset();
  CHECK(disk.lock(folder.path("lock")));
}
