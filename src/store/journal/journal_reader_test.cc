// Goal: what was durable is read, once and in order; torn and rotten are told apart; what rot took
// is told to the byte. Method: small journals made by hand on a real disk, cut at each place, each
// byte flipped, segments removed.
#include "store/journal/journal_reader.h"

#include <doctest/doctest.h>

#include "io/posix/test_folder.h"
#include "store/journal/segment_files.h"
#include "store/journal/segment_maker.h"

using namespace midge;
using namespace midge::store;

namespace {

constexpr std::uint32_t kId = 5;
constexpr SegmentHead kFirst{.journal = kId, .number = 0, .first_batch = 1, .salt = 77};

struct Read {
  std::vector<std::string> bodies;
  std::vector<std::uint64_t> ends;
  JournalReport report;
};

struct Folder {
  io::TestFolder folder;
  io::PosixDisk disk;

  [[nodiscard]] std::string path(std::uint32_t number) const {
    return segment_path(folder.path(), number);
  }
  void put(std::uint32_t number, std::string_view bytes) {
    REQUIRE(disk.write_file(path(number), bytes));
  }
  Result<Read> try_read(JournalPosition from = {}) {
    Read read;
    auto report = read_journal(disk, folder.path(), kId, from, [&](const JournalRecord& record) {
      read.bodies.emplace_back(record.body);
      read.ends.push_back(record.end.value);
      return Result<void>();
    });
    if (!report) return std::unexpected(report.error());
    read.report = *report;
    return read;
  }
  Read read(JournalPosition from = {}) {
    auto read = try_read(from);
    REQUIRE(read);
    return std::move(*read);
  }
};

SegmentMaker three_batches() {
  SegmentMaker segment(kFirst);
  segment.batch({"a", "bb"}).batch({"ccc"}).batch({"dddd", ""});
  return segment;
}

using Bodies = std::vector<std::string>;

// The bodies of the first `batches` of three_batches(), without batch `missing`.
Bodies bodies_of(std::size_t batches, std::size_t missing = 9) {
  const std::vector<Bodies> all = {{"a", "bb"}, {"ccc"}, {"dddd", ""}};
  Bodies bodies;
  for (std::size_t i = 0; i < batches; ++i)
    if (i != missing) bodies.insert(bodies.end(), all[i].begin(), all[i].end());
  return bodies;
}

}  // namespace

TEST_CASE("records come in order, with their positions, from any position on") {
  Folder folder;
  const SegmentMaker first = three_batches();
  SegmentMaker second(first.next_head());
  second.batch({"e"});
  folder.put(0, first.bytes());
  folder.put(1, second.bytes());
  const Read all = folder.read();
  CHECK(all.bodies == Bodies{"a", "bb", "ccc", "dddd", "", "e"});
  CHECK(all.ends == std::vector<std::uint64_t>{17, 35, 54, 74, 90, 107});
  CHECK(all.report.end.value == 107);
  CHECK_FALSE(all.report.torn);
  CHECK(all.report.rotten.empty());
  for (std::size_t i = 0; i < all.ends.size(); ++i) {
    const Read rest = folder.read({all.ends[i]});
    CHECK(rest.bodies == Bodies(all.bodies.begin() + static_cast<long>(i) + 1, all.bodies.end()));
    CHECK(rest.report.end.value == 107);
    CHECK(rest.report.lost == 0);
  }
}

TEST_CASE("a journal without segments, or with empty ones, is empty") {
  Folder folder;
  CHECK(folder.read().report.end.value == 0);
  folder.put(0, std::string(8192, '\0'));
  SegmentMaker other({.journal = 4, .number = 0, .first_batch = 1, .salt = 1});  // its earlier use
  other.batch({"old"});
  folder.put(1, other.bytes());
  const Read read = folder.read();
  CHECK(read.bodies.empty());
  CHECK_FALSE(read.report.torn);
  CHECK(read.report.rotten.empty());
  io::PosixDisk disk;
  CHECK(read_journal(disk, folder.folder.path("no"), kId, {},
                     [](const JournalRecord&) { return Result<void>(); }));
}

TEST_CASE("cut at any place, the journal ends with the last whole batch") {
  Folder folder;
  const SegmentMaker segment = three_batches();
  for (std::size_t cut = 0; cut <= segment.bytes().size(); ++cut) {
    CAPTURE(cut);
    folder.put(0, segment.bytes().substr(0, cut));
    const Read read = folder.read();
    std::size_t whole = 0;
    while (whole < 3 && segment.ends()[whole] <= cut) ++whole;
    CHECK(read.bodies == bodies_of(whole));
    CHECK(read.report.rotten.empty());
    const std::size_t begin = whole < 3 ? segment.begins()[whole] : cut;
    if (cut >= segment.begins()[0]) CHECK(read.report.torn == (cut >= begin + kBatchHeadSize));
  }
}

TEST_CASE(
    "each byte flipped: a batch before the last is rot, the last one torn; no other is lost") {
  Folder folder;
  const SegmentMaker segment = three_batches();
  for (std::size_t at = 0; at < segment.bytes().size(); ++at) {
    CAPTURE(at);
    std::string bytes = segment.bytes();
    bytes[at] ^= 0x10;
    folder.put(0, bytes);
    const Read read = folder.read();
    std::size_t hit = 9;
    for (std::size_t i = 0; i < 3; ++i)
      if (at >= segment.begins()[i] && at < segment.ends()[i]) hit = i;
    CHECK(read.bodies == bodies_of(3, hit));
    const bool is_rot = hit < 2;
    CHECK(read.report.rotten.size() == (is_rot ? 1 : 0));
    CHECK(read.report.lost == (is_rot ? (hit == 0 ? 35 : 19) : 0));
    CHECK(read.report.end.value == (hit == 2 ? 54 : 90));
    if (hit == 2 && at >= segment.begins()[2] + kBatchHeadSize) CHECK(read.report.torn);
    if (hit != 2) CHECK_FALSE(read.report.torn);
  }
}

TEST_CASE("rot at a segment's end is known by the next one") {
  Folder folder;
  const SegmentMaker first = three_batches();
  SegmentMaker second(first.next_head());
  second.batch({"e"});
  std::string bytes = first.bytes();
  bytes[first.ends()[2] - 1] ^= 1;
  folder.put(0, bytes);
  folder.put(1, second.bytes());
  const Read read = folder.read();
  CHECK(read.bodies == Bodies{"a", "bb", "ccc", "e"});
  CHECK(read.report.rotten == std::vector{folder.path(0)});
  CHECK(read.report.lost == 36);
  CHECK(read.report.end.value == 107);
  CHECK_FALSE(read.report.torn);
}

TEST_CASE("a segment that is gone, or has lost its head, is told by what is lost") {
  Folder folder;
  const SegmentMaker first = three_batches();
  SegmentMaker second(first.next_head());
  second.batch({"e"});
  SegmentMaker third(second.next_head());
  third.batch({"f"});
  folder.put(1, second.bytes());
  folder.put(2, third.bytes());
  Read read = folder.read();  // the first is missing
  CHECK(read.bodies == Bodies{"e", "f"});
  CHECK(read.report.lost == 90);
  CHECK(folder.read({90}).report.lost == 0);  // nobody wants it

  std::string headless = first.bytes();
  headless[20] ^= 1;
  headless[2048 + 20] ^= 1;
  folder.put(0, headless);
  read = folder.read();
  CHECK(read.bodies == Bodies{"e", "f"});
  CHECK(read.report.lost == 90);
  CHECK(read.report.rotten == std::vector{folder.path(0)});

  folder.put(0, first.bytes());
  REQUIRE(folder.disk.remove_file(folder.path(1)));
  read = folder.read();
  CHECK(read.bodies == Bodies{"a", "bb", "ccc", "dddd", "", "f"});
  CHECK(read.report.lost == 17);
}

TEST_CASE("a last segment whose head is not whole was torn") {
  Folder folder;
  const SegmentMaker first = three_batches();
  SegmentMaker second(first.next_head());
  folder.put(0, first.bytes());
  folder.put(1, second.batch({"e"}).bytes().substr(0, 50) + std::string(8192, '\0'));
  const Read read = folder.read();
  CHECK(read.bodies == bodies_of(3));
  CHECK(read.report.torn);
  CHECK(read.report.rotten.empty());
}

TEST_CASE("a segment counts up to where the next one begins") {
  Folder folder;
  const SegmentMaker whole = three_batches();
  SegmentMaker failed = three_batches();  // its third batch was written again elsewhere
  SegmentMaker two(kFirst);
  two.batch({"a", "bb"}).batch({"ccc"});
  SegmentMaker abandoned(two.next_head());  // a first attempt that got as far as its head
  SegmentHead head = two.next_head();
  head.number = 4;
  head.salt = 1234;
  SegmentMaker again(head);
  again.batch({"dddd", ""}).batch({"e"});
  for (const bool failed_is_torn : {false, true}) {
    std::string bytes = failed.bytes();
    if (failed_is_torn) bytes[failed.ends()[2] - 1] ^= 1;
    folder.put(0, bytes);
    folder.put(1, abandoned.bytes());
    folder.put(3, std::string(5000, 'x'));  // one that was torn before it had a head
    folder.put(4, again.bytes());
    const Read read = folder.read();
    CHECK(read.bodies == Bodies{"a", "bb", "ccc", "dddd", "", "e"});
    CHECK(read.report.rotten.empty());
    CHECK(read.report.lost == 0);
    CHECK_FALSE(read.report.torn);
  }
}

TEST_CASE("batches that were not synced may be missing: the journal ends there") {
  Folder folder;
  SegmentMaker segment(kFirst);
  segment.batch({"a"}).without_sync().batch({"b"}).batch({"c"}).batch({"d"});
  const auto without = [&](std::size_t batch) {
    std::string bytes = segment.bytes();
    bytes[segment.ends()[batch] - 1] ^= 1;
    return bytes;
  };
  folder.put(0, without(1));
  Read read = folder.read();
  CHECK(read.bodies == Bodies{"a"});
  CHECK(read.report.torn);
  CHECK(read.report.rotten.empty());

  folder.put(0, without(0));  // that one had been synced, as the second says
  read = folder.read();
  CHECK(read.bodies == Bodies{"b", "c", "d"});
  CHECK(read.report.lost == 17);

  SUBCASE("a later segment's word counts") {
    segment.sync();
    SegmentMaker next(segment.next_head());
    next.batch({"e"});
    folder.put(0, without(1));
    folder.put(1, next.bytes());
    read = folder.read();
    CHECK(read.bodies == Bodies{"a", "c", "d", "e"});
    CHECK(read.report.lost == 17);
  }
}

TEST_CASE("a journal that begins too late was torn, too, if what is missing was not synced") {
  Folder folder;
  SegmentMaker first(kFirst);
  first.without_sync().batch({"a"}).batch({"b"});
  SegmentMaker second(first.next_head());  // its head came to the disk, that of the first did not
  folder.put(1, second.without_sync().batch({"c"}).bytes());
  for (const bool is_synced : {true, false}) {
    std::string bytes = first.bytes();
    for (const std::size_t copy : {0, 2048}) bytes[copy + 20] ^= 1;
    folder.put(0, bytes);
    if (!is_synced) {  // SegmentMaker says of a first batch that all before were synced
      SegmentMaker unsynced({.journal = kId, .number = 1, .position = {34}, .first_batch = 3});
      BatchHead head{.number = 3, .position = {34}, .synced = 0};
      std::string whole = unsynced.batch({"c"}).bytes();
      head.length = 17;
      encode(head, std::string_view(whole).substr(kSegmentHeadSize + kBatchHeadSize, 17), 0,
             std::span<char, kBatchHeadSize>(whole.data() + kSegmentHeadSize, kBatchHeadSize));
      folder.put(1, whole);
    }
    const Read read = folder.read();
    CHECK(read.bodies == (is_synced ? Bodies{"c"} : Bodies{}));
    CHECK(read.report.lost == (is_synced ? 34 : 0));
    CHECK(read.report.torn == !is_synced);
  }
}

TEST_CASE("no message passes for a batch") {
  Folder folder;
  SegmentMaker forged({.journal = kId, .number = 0, .first_batch = 2, .salt = 78});  // a guess
  forged.batch({"forged"});
  const std::string message(forged.bytes().substr(kSegmentHeadSize));
  SegmentMaker segment(kFirst);
  segment.batch({"a"}).batch({std::string(8, ' ') + message});
  std::string bytes = segment.bytes();
  bytes[segment.ends()[1] - 1] ^= 1;
  bytes[segment.begins()[1]] ^= 1;  // without a head, every place behind is looked at
  folder.put(0, bytes);
  CHECK(folder.read().bodies == Bodies{"a"});
}

TEST_CASE("what cannot be understood is an error, and names its segment") {
  Folder folder;
  SegmentMaker encrypted(kFirst);
  folder.put(0, encrypted.flags(kBatchEncrypted).batch({"a"}).bytes());
  CHECK(folder.try_read().error().text() ==
        folder.path(0) + ": is encrypted with a key that is not there");
  SegmentMaker newer(kFirst);
  folder.put(0, newer.flags(2).batch({"a"}).bytes());
  CHECK(folder.try_read().error().text() ==
        folder.path(0) + ": has flags that are not known: a newer version wrote it");
  SegmentMaker cut(kFirst);
  folder.put(0, cut.raw_batch("short").bytes());
  CHECK(folder.try_read().error().text() == folder.path(0) + ": journal: a record is cut off");
}

TEST_CASE("who reads may stop") {
  Folder folder;
  folder.put(0, three_batches().bytes());
  int count = 0;
  const auto report = read_journal(
      folder.disk, folder.folder.path(), kId, {},
      [&](const JournalRecord&) { return ++count == 2 ? failure("enough") : Result<void>(); });
  CHECK(report.error().text() == "enough");
  CHECK(count == 2);
}
