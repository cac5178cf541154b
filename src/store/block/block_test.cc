// Goal: a block is a sequence of messages, some of them removed, whether it is open, sealed, in
// memory or in its file, and scans find what a filter matches.
// Method: random messages and removals beside a model that looks at each message.
#include "store/block/block.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

#include "store/block/block_file.h"
#include "store/block/memory_file.h"

namespace midge::store {
namespace {

const BlockName kName{StreamId{9}, 3, Sequence{1000}};

struct Message {
  std::string subject, header, payload;
  std::int64_t time = 0;
  [[nodiscard]] NewMessage view() const { return {subject, header, payload, WallTime{time}}; }
};

// What is there, by sequence.
using Model = std::map<std::uint64_t, Message>;

Message random_message(std::mt19937& random) {
  Message message;
  message.subject = "s." + std::to_string(random() % 20) + (random() % 2 == 0 ? ".a" : ".b");
  if (random() % 4 == 0) message.header = "NATS/1.0\r\n\r\n";
  message.payload = std::string(random() % 200, static_cast<char>('a' + random() % 26));
  message.time = static_cast<std::int64_t>(random());
  return message;
}

void fill(Block& block, Model& model, std::mt19937& random, int count, bool gaps) {
  std::uint64_t sequence = block.last().value;
  for (int i = 0; i < count; ++i) {
    sequence += gaps && random() % 10 == 0 ? 1 + random() % 50 : 1;
    const Message message = random_message(random);
    block.append(Sequence{sequence}, message.view());
    model[sequence] = message;
  }
}

std::string file_of(const Block& block) {
  std::string bytes;
  for (const BlockPiece& piece : block.pieces(0, block.length())) bytes += piece.bytes;
  if (block.sealed()) bytes += block.make_end();
  return bytes;
}

Filter random_filter(std::mt19937& random) {
  switch (random() % 5) {
    case 0:
      return Filter();
    case 1:
      return Filter({"s." + std::to_string(random() % 20) + ".a"});
    case 2:
      return Filter({"s.*.b"});
    case 3:
      return Filter({"nothing.>"});
    default:
      return Filter({"s.1.>", "s.*.a", "s.7.b"});
  }
}

void check_scans(Block& block, const Model& model, std::mt19937& random) {
  const Filter filter = random_filter(random);
  const Sequence from{block.name().first.value - 5 + random() % 1500};
  std::optional<Sequence> next;
  std::optional<Sequence> previous;
  std::uint64_t count = 0;
  for (const auto& [sequence, message] : model) {
    if (!filter.matches(message.subject)) continue;
    if (sequence < from.value) {
      previous = Sequence{sequence};
    } else {
      if (!next) next = Sequence{sequence};
      ++count;
    }
  }
  std::int64_t budget = 0;
  Block::Found found{{}, from, false};
  do {
    budget += 1 + static_cast<std::int64_t>(random() % 50);
    found = block.find_next(filter, found.next, budget);
  } while (!found.found && found.next <= block.last());
  REQUIRE(found.found == next);

  found = {{}, from, false};
  do {
    budget += 1 + static_cast<std::int64_t>(random() % 50);
    found = block.find_previous(filter, found.next, budget);
  } while (!found.found && found.next > block.name().first);
  REQUIRE(found.found == previous);

  std::uint64_t counted = 0;
  Block::Counted step{0, from, false};
  do {
    budget += 1 + static_cast<std::int64_t>(random() % 50);
    step = block.count(filter, step.next, budget);
    REQUIRE_FALSE(step.needs_records);
    counted += step.matched;
  } while (step.next <= block.last());
  REQUIRE(counted == count);
}

void check_same(Block& block, const Model& model, std::mt19937& random) {
  REQUIRE(block.live() == model.size());
  for (std::uint64_t s = block.name().first.value - 2; s < block.last().value + 3; ++s) {
    const auto known = model.find(s);
    REQUIRE(block.is_there(Sequence{s}) == (known != model.end()));
    const std::optional<MessageSize> size = block.size_of(Sequence{s});
    const std::optional<StoredMessage> stored = block.load(Sequence{s});
    REQUIRE(size.has_value() == (known != model.end()));
    REQUIRE(stored.has_value() == (known != model.end()));
    if (known == model.end()) continue;
    const Message& message = known->second;
    REQUIRE(*size ==
            MessageSize{message.subject.size() + message.header.size() + message.payload.size(),
                        !message.header.empty()});
    REQUIRE(stored->sequence == Sequence{s});
    REQUIRE(stored->time == WallTime{message.time});
    REQUIRE(stored->subject == message.subject);
    REQUIRE(stored->header == message.header);
    REQUIRE(stored->payload == message.payload);
  }
  for (int i = 0; i < 30; ++i) {
    check_scans(block, model, random);
    const std::uint64_t from = block.name().first.value - 3 + random() % 1500;
    const auto at = model.lower_bound(from);
    const std::optional<Sequence> next = block.next_there(Sequence{from});
    REQUIRE(next.has_value() == (at != model.end()));
    if (next) REQUIRE(next->value == at->first);
    const std::optional<Sequence> previous = block.previous_there(Sequence{from});
    REQUIRE(previous.has_value() == (at != model.begin()));
    if (previous) REQUIRE(previous->value == std::prev(at)->first);
  }
}

void remove_some(Block& block, Model& model, std::mt19937& random) {
  for (int i = 0; i < 30; ++i) {
    const std::uint64_t s = block.name().first.value + random() % 1300;
    REQUIRE(block.remove(Sequence{s}).has_value() == (model.erase(s) > 0));
  }
  if (random() % 3 == 0) {
    const std::uint64_t s = block.name().first.value + random() % 200;
    const std::size_t before = model.size();
    model.erase(model.begin(), model.lower_bound(s));
    REQUIRE(block.remove_before(Sequence{s}) == before - model.size());
  }
}

TEST_CASE("open, sealed and read again, it holds the same") {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    Block block(kName, random());
    Model model;
    for (int i = 0; i < 5; ++i) {
      fill(block, model, random, 200, round % 2 == 0);
      remove_some(block, model, random);
      check_same(block, model, random);
    }
    block.seal();
    check_same(block, model, random);

    MemoryFile file(file_of(block));
    Result<std::unique_ptr<Block>> opened = open_block(file, kName);
    REQUIRE(opened.has_value());
    Block& other = **opened;
    CHECK(other.sealed());
    CHECK_FALSE(other.in_memory());
    CHECK(other.first() == block.first());
    CHECK(other.last() == block.last());
    CHECK(other.first_time() == block.first_time());
    CHECK(other.last_time() == block.last_time());
    CHECK(other.records() == block.records());
    CHECK(other.subjects() == block.subjects());
    other.set_removed(block.removed());
    CHECK(other.live() == block.live());
    CHECK(other.live_bytes() == block.live_bytes());

    std::int64_t budget = 1000;
    CHECK(other.find_next(Filter({"s.*.a"}), kName.first, budget).needs_records);
    CHECK(other.find_previous(Filter({"s.*.a"}), block.last() + 1, budget).needs_records);
    CHECK(other.count(Filter({"s.*.a"}), kName.first, budget).needs_records);
    for (const auto& [sequence, message] : model) {
      const auto place = other.place_of(Sequence{sequence});
      REQUIRE(place.has_value());
      std::string buffer;
      const auto read = read_message(file, *place, Sequence{sequence}, buffer);
      REQUIRE(read.has_value());
      REQUIRE(read->payload == message.payload);
    }

    Result<BlockRecords> records = read_block_records(&file, other);
    REQUIRE(records.has_value());
    CHECK(records->damaged.empty());
    other.take_records(std::move(records->chunks));
    check_same(other, model, random);
    CHECK(file_of(other) == file.bytes());

    // What was asked is known without the records.
    budget = 100'000;
    const Block::Counted before = other.count(Filter({"s.*.a"}), kName.first, budget);
    other.drop_records();
    budget = 100'000;
    const Block::Counted after = other.count(Filter({"s.*.a"}), kName.first, budget);
    CHECK_FALSE(after.needs_records);
    CHECK(after.matched == before.matched);
  }
}

TEST_CASE("views stay while it grows") {
  Block block(kName, 1);
  const std::string_view first = block.append(Sequence{1000}, {"a", "", "payload", {}});
  const std::string copy(first);
  const std::string_view payload = block.load(Sequence{1000})->payload;
  for (std::uint64_t i = 1; i < 5000; ++i)
    block.append(Sequence{1000 + i}, {"b", "", std::string(i % 500, 'x'), {}});
  block.append(block.last() + 1, {"c", "", std::string(1'000'000, 'y'), {}});
  CHECK(first == copy);
  CHECK(payload == "payload");
  CHECK(block.load(block.last())->payload.size() == 1'000'000);
}

TEST_CASE("an erased message is gone from memory and file, and its subject's others are found") {
  Block block(kName, 1);
  for (std::uint64_t i = 0; i < 6; ++i)
    block.append(Sequence{1000 + i}, {i % 2 == 0 ? "even" : "odd", "", "secret", {}});
  for (const std::uint64_t s : {1000, 1001, 1003, 1005}) {
    REQUIRE(block.remove(Sequence{s}));
    const Block::Erased erased = block.erase(Sequence{s});
    CHECK(erased.offset == block.place_of(Sequence{s})->offset);
    CHECK(erased.record.find("secret") == std::string_view::npos);
  }
  // The subject comes again after all that had its text are gone.
  block.append(Sequence{1006}, {"odd", "", "secret", {}});
  block.seal();
  const std::string bytes = file_of(block);
  MemoryFile file(bytes);
  auto opened = open_block(file, kName);
  REQUIRE(opened.has_value());
  (*opened)->set_removed(block.removed());
  auto records = read_block_records(&file, **opened);
  REQUIRE(records.has_value());
  CHECK(records->damaged.empty());
  (*opened)->take_records(std::move(records->chunks));
  for (Block* it : {&block, opened->get()}) {
    std::int64_t budget = 100;
    CHECK(it->find_next(Filter({"even"}), Sequence{}, budget).found == Sequence{1002});
    CHECK(it->find_next(Filter({"odd"}), Sequence{}, budget).found == Sequence{1006});
    CHECK(it->count(Filter({"odd", "even"}), Sequence{}, budget).matched == 3);
  }
  std::string buffer;
  CHECK(
      read_message(file, *block.place_of(Sequence{1003}), Sequence{1003}, buffer).error().code() ==
      ErrorCode::kNotFound);
}

TEST_CASE("many filters at once") {
  Block block(kName, 1);
  Model model;
  std::mt19937 random(6);
  fill(block, model, random, 500, true);
  for (int i = 0; i < 200; ++i) {
    const std::string subject = "s." + std::to_string(random() % 25) + ".a";
    std::uint64_t expected = 0;
    for (const auto& [sequence, message] : model) expected += message.subject == subject ? 1 : 0;
    std::int64_t budget = 1000;
    CHECK(block.count(Filter({subject}), Sequence{}, budget).matched == expected);
  }
}

TEST_CASE("an empty block") {
  Block block(kName, 1);
  CHECK(block.first() > block.last());
  CHECK_FALSE(block.next_there(Sequence{}).has_value());
  block.seal();
  MemoryFile file(file_of(block));
  const auto opened = open_block(file, kName);
  REQUIRE(opened.has_value());
  CHECK((*opened)->records() == 0);
  CHECK((*opened)->last() == block.last());
}

TEST_CASE("room ends at 2 GiB and at 2^32 sequences") {
  Block block(kName, 1);
  CHECK(block.has_room(kName.first + 0xffff'ffffU, {"a", "", "", {}}));
  CHECK_FALSE(block.has_room(kName.first + 0x1'0000'0000U, {"a", "", "", {}}));
}

TEST_CASE("a set of removed sequences is written, read and checked") {
  RemovedSet set;
  CHECK(set.serialize().empty());
  for (std::uint32_t i = 0; i < 200'000; i += 3) set.add(i);
  set.add_range(70'000, 140'000);
  const std::string bytes = set.serialize();
  const auto read = RemovedSet::parse(bytes);
  REQUIRE(read.has_value());
  CHECK(read->size() == set.size());
  for (std::uint32_t i = 0; i < 210'000; ++i) REQUIRE(read->contains(i) == set.contains(i));
  CHECK_FALSE(RemovedSet::parse(bytes + "x").has_value());
  CHECK_FALSE(RemovedSet::parse(bytes.substr(0, bytes.size() - 1)).has_value());
  CHECK_FALSE(RemovedSet::parse("nonsense").has_value());
}

}  // namespace
}  // namespace midge::store
