// Goal: the journal works on a real disk, with real threads. Method: a loop that appends at each
// tick until a number of records is durable; then all is read back. Its behaviour when disks fail
// is tested in simulation (sim/journal_test.cc, sim/journal_power_cut_test.cc).
#include "store/journal/journal.h"

#include <doctest/doctest.h>

#include "io/posix/loop_fixture.h"
#include "io/posix/posix_entropy.h"
#include "io/posix/test_folder.h"
#include "store/journal/journal_reader.h"
#include "store/journal/last_made.h"
#include "store/journal/segment_files.h"
#include "store/pack/keyring.h"

using namespace midge;
using namespace midge::store;

namespace {

struct Durable final : JournalEvents {
  void on_durable(JournalPosition position) override {
    milestone.reach(static_cast<int>(position.value));
  }
  void on_write_failed(const Error& error) override { failures.push_back(error.text()); }
  void on_write_resumed() override {}
  io::Milestone milestone;
  std::vector<std::string> failures;
};

struct Fixture {
  explicit Fixture(bool sync_before_durable, const std::string& key = "")
      : keys(*Keyring::open(disk, folder.path(), {crypto::Cipher::kAes, key, ""}, entropy)) {
    auto made = Journal::create(*loops.env, loops.loop(),
                                {.folder = folder.path("journal/00000001"),
                                 .free_folder = folder.path("journal/free"),
                                 .id = 1,
                                 .segment_size = 64 * 1024,
                                 .sync_before_durable = sync_before_durable,
                                 .sync_interval = milliseconds(1),
                                 .keys = keys},
                                events);
    REQUIRE(made);
    journal = std::move(*made);
    loops.handlers[0].at_stop = [this] { journal.reset(); };
    loops.run([this] { loops.handlers[0].at_tick_end = [this] { journal->commit(); }; });
  }
  ~Fixture() { loops.end(); }

  // Appends records from..to-1 in ticks of `many`; returns the position behind the last.
  JournalPosition append(int from, int to, int many) {
    JournalPosition end;
    for (int i = from; i < to;) {
      loops.run([&] {
        for (const int stop = std::min(to, i + many); i < stop; ++i) {
          const std::string number = std::to_string(i);
          const std::string_view body[] = {number, std::string_view(" and more than that")};
          end = journal->append(StreamId{7}, RecordKind::kMessage, body);
        }
      });
    }
    return end;
  }

  io::TestFolder folder;
  io::PosixDisk disk;
  io::PosixEntropy entropy;
  std::shared_ptr<const Keyring> keys;
  Durable events;
  std::unique_ptr<Journal> journal;
  io::LoopFixture loops;
};

std::string all_bytes(Fixture& fixture) {
  const std::string folder = fixture.folder.path("journal/00000001");
  const auto numbers = list_segments(fixture.disk, folder).value();
  std::string bytes;
  for (const std::uint32_t number : numbers)
    bytes += fixture.disk.read_file(segment_path(folder, number)).value();
  return bytes;
}

void check_all_are_read(bool sync_before_durable, const std::string& key = "") {
  Fixture fixture(sync_before_durable, key);
  const JournalPosition end = fixture.append(0, 5000, 30);
  fixture.events.milestone.wait_for(static_cast<int>(end.value));
  fixture.loops.end();
  CHECK(fixture.events.failures.empty());
  io::PosixDisk disk;
  int next = 0;
  const auto report = read_journal(
      disk, fixture.folder.path("journal/00000001"), 1, {},
      [&](const JournalRecord& record) -> Result<void> {
        CHECK(record.stream == StreamId{7});
        CHECK(record.body == std::to_string(next) + " and more than that");
        ++next;
        return {};
      },
      fixture.keys.get());
  REQUIRE(report);
  CHECK(next == 5000);
  const bool is_readable = all_bytes(fixture).find(" and more than that") != std::string::npos;
  CHECK(is_readable == key.empty());
  CHECK(report->end == end);
  CHECK_FALSE(report->torn);
}

}  // namespace

TEST_CASE("what was appended becomes durable and is read again, over many segments") {
  check_all_are_read(true);
}

TEST_CASE("the same when syncs come later") { check_all_are_read(false); }

TEST_CASE("the same of what is encrypted") {
  check_all_are_read(true, "secret");
  check_all_are_read(false, "secret");
}

TEST_CASE("without its key an encrypted journal is refused") {
  Fixture fixture(true, "secret");
  const JournalPosition end = fixture.append(0, 10, 10);
  fixture.events.milestone.wait_for(static_cast<int>(end.value));
  fixture.loops.end();
  const auto ignore = [](const JournalRecord&) -> Result<void> { return {}; };
  io::TestFolder elsewhere;
  const auto other =
      *Keyring::open(fixture.disk, elsewhere.path(), {.key = "secret"}, fixture.entropy);
  for (const Keyring* keys : {static_cast<const Keyring*>(nullptr), other.get()}) {
    const auto refused =
        read_journal(fixture.disk, fixture.folder.path("journal/00000001"), 1, {}, ignore, keys);
    CHECK(refused.error().text().find("encrypted with a key that is not there") !=
          std::string::npos);
  }
}

TEST_CASE("the segment that was made last is missed when it is gone") {
  Fixture fixture(true);
  const JournalPosition end = fixture.append(0, 5000, 30);
  fixture.events.milestone.wait_for(static_cast<int>(end.value));
  fixture.loops.end();
  const std::string folder = fixture.folder.path("journal/00000001");
  const auto missing = [&] {
    const auto ignore = [](const JournalRecord&) -> Result<void> { return {}; };
    return read_journal(fixture.disk, folder, 1, {}, ignore).value().missing;
  };
  CHECK(missing().empty());
  const auto numbers = list_segments(fixture.disk, folder).value();
  REQUIRE(numbers.size() > 2);
  const std::string last = segment_path(folder, numbers.back());
  REQUIRE(fixture.disk.remove_file(last));
  CHECK(missing() == last);
  // A note that is damaged gives way to the one before, or to none.
  const std::string notes = fixture.disk.read_file(LastMade::path_in(folder)).value();
  REQUIRE(notes.size() == 1024);
  for (std::size_t at = 0; at < 28; ++at) {
    std::string damaged = notes;
    damaged[(numbers.back() % 2) * 512 + at] ^= 4;
    REQUIRE(fixture.disk.write_file(LastMade::path_in(folder), damaged));
    CHECK(missing().empty());
  }
  REQUIRE(fixture.disk.remove_file(LastMade::path_in(folder)));
  CHECK(missing().empty());
}

TEST_CASE("released segments are written again") {
  Fixture fixture(true);
  JournalPosition end;
  for (int round = 0; round < 10; ++round) {
    end = fixture.append(round * 1000, (round + 1) * 1000, 100);
    fixture.events.milestone.wait_for(static_cast<int>(end.value));
    fixture.loops.run([&] {
      fixture.journal->release_before(end);
      CHECK(fixture.journal->unreleased() == 0);
    });
  }
  fixture.loops.end();
  io::PosixDisk disk;
  const auto segments = list_segments(disk, fixture.folder.path("journal/00000001")).value();
  CHECK(segments.size() <= 3);  // the active one, a spare one, one on its way
  CHECK(segments.back() >= 5);  // of about 10 that were used
  const auto free = disk.list_directory(fixture.folder.path("journal/free")).value();
  CHECK(free.size() <= kFreeSegmentsMax);
}
