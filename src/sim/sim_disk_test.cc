// Goal: the simulated disk forgets, tears and lies as real ones do, and keeps what was synced.
// Method: small histories under many seeds; both outcomes of whatever may go either way are seen.
#include "sim/sim_disk.h"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::sim;

namespace {

constexpr std::uint64_t kSeeds = 200;

Result<void> write(io::File& file, std::uint64_t offset, std::string_view bytes) {
  const io::Slice slice{bytes.data(), bytes.size()};
  return file.write_at(offset, {&slice, 1});
}

std::unique_ptr<io::File> open(SimDisk& disk, const std::string& path) {
  return disk.open(path, io::OpenMode::kWrite).value();
}

void cut_and_restart(SimDisk& disk) {
  disk.cut_power();
  disk.restart();
}

}  // namespace

TEST_CASE("what was synced survives a power cut, what was not may be lost, torn or reordered") {
  int whole = 0, lost = 0, torn = 0, reordered = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk(seed);
    const auto file = open(disk, "/f");
    CHECK(write(*file, 0, "synced"));
    CHECK(file->sync());
    CHECK(disk.sync_directory("/"));
    CHECK(write(*file, 6, std::string(2000, 'a')));
    CHECK(write(*file, 2006, std::string(10, 'b')));
    cut_and_restart(disk);
    const std::string content = disk.read_file("/f").value();
    CHECK(content.starts_with("synced"));
    const auto a = std::count(content.begin(), content.end(), 'a');
    const auto b = std::count(content.begin(), content.end(), 'b');
    whole += a == 2000 && b == 10;
    lost += content == "synced";
    torn += a > 0 && a < 2000;
    reordered += a < 2000 && b == 10;
  }
  CHECK(whole > 0);
  CHECK(lost > 0);
  CHECK(torn > 0);
  CHECK(reordered > 0);
}

TEST_CASE("names are as forgetful, until their directory is synced") {
  int forgotten = 0, kept = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk(seed);
    CHECK(disk.make_directory("/d/e"));
    CHECK(disk.sync_directory("/"));
    CHECK(disk.sync_directory("/d"));
    CHECK(open(disk, "/d/e/synced")->sync());
    CHECK(disk.sync_directory("/d/e"));
    CHECK(open(disk, "/d/e/new")->sync());
    CHECK(disk.rename_file("/d/e/synced", "/d/e/renamed"));
    cut_and_restart(disk);
    CHECK(disk.exists("/d/e/synced") != disk.exists("/d/e/renamed"));
    kept += disk.exists("/d/e/new");
    forgotten += !disk.exists("/d/e/new");
  }
  CHECK(forgotten > 0);
  CHECK(kept > 0);
}

TEST_CASE("a directory that was forgotten takes its files with it") {
  int forgotten = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk(seed);
    CHECK(disk.make_directory("/d"));
    CHECK(open(disk, "/d/f")->sync());
    CHECK(disk.sync_directory("/d"));
    cut_and_restart(disk);
    forgotten += !disk.exists("/d/f");
  }
  CHECK(forgotten > 0);
}

TEST_CASE("after a failed sync a later one succeeds and the data is lost all the same") {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk(seed);
    const auto file = open(disk, "/f");
    CHECK(disk.sync_directory("/"));
    CHECK(write(*file, 0, "data"));
    disk.set_faults({.syncs = 1});
    CHECK(file->sync().error().code() == ErrorCode::kIo);
    disk.set_faults({});
    CHECK(file->sync());
    CHECK(disk.read_file("/f").value() == "data");  // as the process sees it
    cut_and_restart(disk);
    lost += disk.read_file("/f").value() != "data";
  }
  CHECK(lost > 0);
}

TEST_CASE("after the cut everything fails; a killed process loses nothing but its locks") {
  SimDisk disk(1);
  const auto file = open(disk, "/f");
  auto lock = disk.lock("/lock");
  CHECK(disk.lock("/lock").error().code() == ErrorCode::kInUse);
  CHECK(write(*file, 0, "data"));
  disk.cut_power_after(2);
  CHECK(file->size());
  CHECK_FALSE(disk.is_off());
  CHECK_FALSE(file->sync());
  CHECK(disk.is_off());
  CHECK_FALSE(disk.read_file("/f"));

  SimDisk other(1);
  const auto unsynced = open(other, "/f");
  auto held = other.lock("/lock");
  CHECK(write(*unsynced, 0, "data"));
  other.kill_process();
  CHECK_FALSE(write(*unsynced, 0, "x"));
  other.restart();
  CHECK(other.read_file("/f").value() == "data");
  CHECK_FALSE(write(*unsynced, 0, "x"));  // of the old process
  const auto again = other.lock("/lock");
  CHECK(again);
  held->reset();  // the old process' lock is not the new one's
  CHECK(other.lock("/lock").error().code() == ErrorCode::kInUse);
}

TEST_CASE("space is limited, bits rot") {
  SimDisk disk(1);
  disk.set_space(100);
  const auto file = open(disk, "/f");
  CHECK(write(*file, 0, std::string(100, 'x')));
  CHECK(write(*file, 100, "y").error().code() == ErrorCode::kNoSpace);
  CHECK(file->allocate(101).error().code() == ErrorCode::kNoSpace);
  CHECK(write(*file, 0, "z"));
  CHECK(disk.space("/").value().available == 0);
  CHECK(disk.remove_file("/f"));
  CHECK(disk.space("/").value().available == 100);

  CHECK(disk.write_file("/g", "abc"));
  CHECK(disk.flip("/g", 1, 1));
  CHECK(disk.read_file("/g").value() == "acc");
  CHECK_FALSE(disk.flip("/g", 3, 1));
}

TEST_CASE("allocated space is zeros") {
  SimDisk disk(1);
  const auto file = open(disk, "/f");
  CHECK(file->allocate(10'000));
  CHECK(write(*file, 5000, "x"));
  const std::string content = disk.read_file("/f").value();
  CHECK(content.size() == 10'000);
  CHECK(std::count(content.begin(), content.end(), '\0') == 9'999);
  CHECK(file->truncate(3));
  CHECK(file->truncate(5));
  CHECK(disk.read_file("/f").value() == std::string(5, '\0'));
}
