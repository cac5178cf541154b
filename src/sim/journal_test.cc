// Goal: the journal commits in groups, and gets over disks that fail or are full. Method: a journal
// on a simulated disk whose faults are switched on and off.
#include <doctest/doctest.h>

#include "sim/journal_fixture.h"
#include "store/journal/journal_reader.h"
#include "store/journal/segment_cursor.h"
#include "store/journal/segment_files.h"

using namespace midge;
using namespace midge::sim;
using store::JournalPosition;

namespace {

const std::string kFolder = "/s/journal/00000001";
const std::string kFree = "/s/journal/free";

JournalRun::Options options(std::uint64_t segment_size = 64 * 1024) {
  return {
      .journal = {.folder = kFolder, .free_folder = kFree, .id = 1, .segment_size = segment_size}};
}

std::vector<ModelRecord> read_all(SimDisk& disk) {
  std::vector<ModelRecord> records;
  const auto report = store::read_journal(
      disk, kFolder, 1, {}, [&](const store::JournalRecord& record) -> Result<void> {
        records.push_back({record.end, record.stream, std::string(record.body)});
        return {};
      });
  REQUIRE(report);
  CHECK(report->lost == 0);
  CHECK(report->rotten.empty());
  CHECK(report->missing.empty());
  return records;
}

std::size_t count_batches(SimDisk& disk) {
  std::size_t count = 0;
  const auto numbers = store::list_segments(disk, kFolder).value();
  for (const std::uint32_t number : numbers) {
    const std::string bytes = disk.read_file(store::segment_path(kFolder, number)).value();
    const auto head = store::decode_segment_head(bytes).value();
    if (!head || head->journal != 1) continue;
    store::SegmentCursor cursor(bytes, head->salt);
    while (cursor.next()) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("records that gather while a sync is under way share the next one") {
  SimDisk disk(1);
  JournalRun run(1, disk, options(1 << 20));
  REQUIRE(run.start());
  run.env().run_for(milliseconds(500));
  REQUIRE(run.drain());
  CHECK(run.appended.size() > 300);
  CHECK(count_batches(disk) < run.appended.size() * 2 / 3);
  CHECK(read_all(disk) == run.appended);
}

TEST_CASE("records of all sizes up to the largest fit, whatever the segment") {
  SimDisk disk(2);
  auto with = options(8192);
  with.body_max = 1;
  JournalRun run(2, disk, with);
  REQUIRE(run.start());
  run.env().run_for(milliseconds(10));
  REQUIRE(run.drain());
  std::vector<ModelRecord> expected = run.appended;
  for (std::size_t size = run.journal().body_max() - 20; size <= run.journal().body_max(); ++size) {
    const std::string body(size, 'x');
    const std::string_view parts[] = {body};
    expected.push_back({run.journal().append({1}, store::RecordKind::kMessage, parts), {1}, body});
  }
  run.journal().commit();
  REQUIRE(run.drain());
  CHECK(read_all(disk) == expected);
}

TEST_CASE(
    "a failed sync: all that is not durable goes to a new segment, the file is not used again") {
  SimDisk disk(3);
  JournalRun run(3, disk, options());
  REQUIRE(run.start());
  run.env().run_for(milliseconds(20));
  disk.set_faults({.syncs = 1});
  CHECK(run.env().run_until([&] { return !run.failures.empty(); }, seconds(10)));
  CHECK_FALSE(run.journal().is_writable());
  CHECK(run.failures[0] == "sync " + store::segment_path(kFolder, 0) + ": input/output error");
  const JournalPosition before = run.durable;
  run.env().run_for(seconds(10));
  CHECK(run.durable == before);
  CHECK(run.failures.size() == 1);  // once for all attempts
  disk.set_faults({});
  CHECK(run.env().run_until([&] { return run.resumed == 1; }, seconds(3)));
  CHECK(run.journal().is_writable());
  run.env().run_for(milliseconds(20));
  REQUIRE(run.drain());
  CHECK(read_all(disk) == run.appended);
  CHECK(store::list_segments(disk, kFolder).value().size() == 2);  // those of the attempts are gone
}

TEST_CASE("one failed write is got over at once") {
  SimDisk disk(4);
  JournalRun run(4, disk, options());
  REQUIRE(run.start());
  run.env().run_for(milliseconds(20));
  disk.set_faults({.writes = 1});
  CHECK(run.env().run_until([&] { return !run.failures.empty(); }, seconds(10)));
  disk.set_faults({});
  CHECK(run.env().run_until([&] { return run.resumed == 1; }, milliseconds(900)));
  REQUIRE(run.drain());
  CHECK(read_all(disk) == run.appended);
}

TEST_CASE("a full disk: refused in time, nothing lost, goes on within seconds of space") {
  SimDisk disk(5);
  disk.set_space(3 * 64 * 1024 + 4096);  // three segments, and which was made last
  JournalRun run(5, disk, options());
  REQUIRE(run.start());
  CHECK(run.env().run_until([&] { return !run.failures.empty(); }, seconds(60)));
  CHECK(run.failures[0].ends_with("no space left on device"));
  CHECK_FALSE(run.journal().is_writable());
  CHECK(run.journal().waiting() > 0);
  run.env().run_for(seconds(20));
  CHECK(run.failures.size() == 1);
  CHECK(run.journal().waiting() > 0);
  disk.set_space(10 << 20);
  CHECK(run.env().run_until([&] { return run.resumed == 1; }, seconds(2)));
  run.env().run_for(milliseconds(20));
  REQUIRE(run.drain());
  CHECK(run.durable.value > 3 * 64 * 1024 - 3 * 8192);
  CHECK(read_all(disk) == run.appended);
}

TEST_CASE("a full disk is no failure while released segments can be written again") {
  SimDisk disk(6);
  disk.set_space(2 << 20);
  auto with = options(16 * 1024);
  with.releases = true;
  JournalRun run(6, disk, with);
  REQUIRE(run.start());
  run.env().run_for(seconds(20));
  REQUIRE(run.drain());
  CHECK(run.failures.empty());
  CHECK(run.durable.value > 3 << 20);
  CHECK(run.journal().unreleased() == run.durable - run.released);
}

TEST_CASE("with an interval, writing is enough, and a failed sync is told") {
  SimDisk disk(7);
  auto with = options();
  with.journal.sync_before_durable = false;
  with.journal.sync_interval = milliseconds(100);
  JournalRun run(7, disk, with);
  REQUIRE(run.start());
  run.env().run_for(milliseconds(20));
  disk.set_faults({.syncs = 1});
  REQUIRE(run.env().run_until([&] { return run.failures.size() == 1; }, seconds(10)));
  CHECK(run.journal().is_writable());
  disk.set_faults({});
  CHECK(run.env().run_until([&] { return run.resumed == 1; }, seconds(10)));
  REQUIRE(run.drain());
  CHECK(read_all(disk) == run.appended);  // as long as there is power
}

TEST_CASE("a journal that cannot be made says why") {
  SimDisk disk(8);
  disk.set_space(1000);
  JournalRun run(8, disk, options());
  const auto started = run.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code() == ErrorCode::kNoSpace);
  CHECK(store::list_segments(disk, kFolder).value().empty());
}
