// Goal: files of a tar archive come back however it is cut, long names too; damage is found.
// Method: archives made here, all piece sizes, flips in heads.
#include "jetstream/archive/tar_reader.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace midge::jetstream {
namespace {

struct File {
  std::string name, content;
  bool operator==(const File&) const = default;
};

std::string block_of(std::string_view name, std::string_view content, char type) {
  std::string head(512, '\0');
  head.replace(0, name.size(), name);
  char number[16];
  std::snprintf(number, sizeof number, "%011o", static_cast<unsigned>(content.size()));
  head.replace(124, 11, number, 11);
  head[156] = type;
  head.replace(257, 8, "ustar\00000", 8);
  head.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof number, "%06o", sum);
  head.replace(148, 7, number, 7);
  head += content;
  head.resize((head.size() + 511) / 512 * 512, '\0');
  return head;
}

std::string extension(std::string_view name, std::string_view value) {
  std::string record = " " + std::string(name) + "=" + std::string(value) + "\n";
  std::string length = std::to_string(record.size() + 2);
  if (length.size() != 2) length = std::to_string(record.size() + 3);
  return block_of("PaxHeaders.0/x", length + record, 'x');
}

// The text of an error comes as a file of that name.
std::vector<File> read_all(std::string_view text, std::size_t piece, bool& ended) {
  TarReader reader;
  std::vector<File> files;
  std::string content;
  while (true) {
    const auto entry = reader.entry();
    if (!entry) {
      files.push_back({entry.error().text(), ""});
      return files;
    }
    if (*entry != nullptr) {
      content += reader.content();
      reader.use(reader.content().size());
      if (reader.left() == 0) {
        files.push_back({(*entry)->name, content});
        content.clear();
        reader.next();
        continue;
      }
    }
    ended = reader.is_at_end();
    if (text.empty() || ended) return files;
    reader.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
}

TEST_CASE("files come back, whatever the pieces") {
  const std::string long_name = "obs/" + std::string(150, 'n') + "/meta.inf";
  const std::vector<File> files = {{"meta.inf", "{}"},
                                   {"msgs/1.blk", std::string(5000, 'b')},
                                   {"msgs/2.blk", std::string(512, 'c')},
                                   {"empty", ""},
                                   {long_name, "x"}};
  std::string text;
  for (const File& file : files) {
    if (file.name.size() > 100) text += extension("path", file.name);
    text += block_of(file.name.substr(0, 100), file.content, '0');
  }
  text += std::string(1024, '\0');
  for (const std::size_t piece : {1U, 100U, 512U, 513U, 100'000U}) {
    bool ended = false;
    CHECK(read_all(text, piece, ended) == files);
    CHECK(ended);
  }
  bool ended = false;
  CHECK(read_all(std::string_view(text).substr(0, text.size() - 1024), 300, ended) == files);
  CHECK(!ended);
}

TEST_CASE("heads that are not right are refused") {
  const std::vector<File> refused = {{"archive/tar: invalid tar header", ""}};
  const std::string good = block_of("a", "content", '0');
  bool ended = false;
  for (std::size_t i = 0; i < 512; ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    if (read_all(bad, 1000, ended) != refused)
      CHECK_MESSAGE((i >= 154 && i < 156), i);  // what ends the sum
  }
  CHECK(read_all(block_of("x", std::string(70'000, 'x'), 'x'), 1000, ended) == refused);
  for (const char* record : {"no blank", "5 a=b", "99 a=b\n", "x a=b\n", "8 path\n\n", "3 \n"})
    CHECK(read_all(block_of("x", record, 'x'), 1000, ended) == refused);
}

TEST_CASE("a link is told apart") {
  TarReader reader;
  reader.feed(block_of("a", "", '2'));
  const auto entry = reader.entry();
  REQUIRE(entry);
  REQUIRE(*entry != nullptr);
  CHECK(!(*entry)->is_file);
}

}  // namespace
}  // namespace midge::jetstream
