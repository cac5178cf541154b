// Goal: entries come back as they were written, however they are cut; what is no archive is
// refused, and never costs more memory than it has bytes. Method: tables, all cuts, noise.
#include "jetstream/archive/archive_entry.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "jetstream/archive/varint.h"

namespace midge::jetstream {
namespace {

struct Entry {
  std::string name;
  std::int64_t time = 0;
  std::uint64_t sequence = 0;
  std::string header, payload;
  bool operator==(const Entry&) const = default;
};

std::string text_of(const std::vector<Entry>& entries) {
  std::string text(kArchiveMagic);
  for (const Entry& entry : entries) {
    write_entry_head(
        text, {entry.name, entry.time, entry.sequence, entry.header.size(), entry.payload.size()});
    text += entry.header + entry.payload;
  }
  return text;
}

// All that could be read; the error, if there was one, as an entry of that name.
std::vector<Entry> read_all(std::string_view text, std::size_t piece) {
  EntryReader reader;
  std::vector<Entry> all;
  while (true) {
    const auto head = reader.head();
    if (!head) {
      all.push_back({head.error().text(), 0, 0, "", ""});
      return all;
    }
    if (*head != nullptr) {
      Entry entry{std::string((*head)->name), (*head)->time, (*head)->sequence, "", ""};
      const std::size_t header_size = (*head)->header_size;
      if (const auto content = reader.take()) {
        entry.header = content->substr(0, header_size);
        entry.payload = content->substr(header_size);
        all.push_back(entry);
        continue;
      }
    }
    if (text.empty()) return all;
    reader.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
}

TEST_CASE("entries come back, whatever the pieces") {
  const std::vector<Entry> entries = {{"state.json", 5, 0, "", "{}"},
                                      {"a.b", INT64_MAX, UINT64_MAX, "NATS/1.0\r\n\r\n", ""},
                                      {"a.b", INT64_MIN, 1, "", std::string(70'000, 'x')},
                                      {std::string(300, 'n'), -1, 127, "h", "p"},
                                      {"", 0, 0, "", ""}};
  const std::string text = text_of(entries);
  for (const std::size_t piece : {1U, 2U, 7U, 1000U, 1'000'000U})
    CHECK(read_all(text, piece) == entries);
}

TEST_CASE("the end is told apart") {
  CHECK(EntryHead{}.is_end());
  CHECK(!EntryHead{"", 0, 1}.is_end());
  CHECK(!EntryHead{"n", 0, 0}.is_end());
}

TEST_CASE("what is none is refused at once") {
  const std::vector<Entry> refused = {{"archive: invalid archive stream", 0, 0, "", ""}};
  CHECK(read_all("NATSARC2", 100) == refused);
  std::string too_long(kArchiveMagic);
  put_varint(too_long, (1 << 20) + 1);
  for (int i = 0; i < 4; ++i) put_varint(too_long, 0);
  CHECK(read_all(too_long, 100) == refused);
  std::string overflow(kArchiveMagic);
  for (const std::uint64_t size : {0ULL, 0ULL, 1ULL, (1ULL << 63) - 1, (1ULL << 63) - 1})
    put_varint(overflow, size);
  CHECK(read_all(overflow, 100) == refused);
  CHECK(read_all(std::string(kArchiveMagic) + std::string(11, '\xff'), 100) == refused);
}

TEST_CASE("noise does no harm") {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kArchiveMagic);
    for (std::uint32_t size = random() % 40; size > 0; --size)
      text += static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
    read_all(text, 1 + random() % 50);
  }
}

}  // namespace
}  // namespace midge::jetstream
