// Goal: no backup crashes what reads it, and how it is cut changes nothing. Input: a byte that says
// how large the pieces are, then the plain bytes of a backup (entries, or a tar archive with the
// files of nats-server's store), or a stream of S2.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/s2_stream.h"
#include "jetstream/archive/archive_entry.h"
#include "jetstream/archive/old_block.h"
#include "jetstream/archive/old_index.h"
#include "jetstream/archive/tar_reader.h"

namespace {

using namespace midge;
using namespace midge::jetstream;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::string_view take_piece(std::string_view& input, std::size_t size) {
  const std::string_view piece = input.substr(0, size);
  input.remove_prefix(piece.size());
  return piece;
}

// What was read, as a text that can be compared.
std::string read_entries(std::string_view input, std::size_t piece) {
  EntryReader reader;
  std::string seen;
  while (true) {
    const auto head = reader.head();
    if (!head) return seen + "!";
    if (*head != nullptr) {
      const std::string name((*head)->name);
      const std::uint64_t sequence = (*head)->sequence;
      if (const auto content = reader.take()) {
        seen += name + "|" + std::to_string(sequence) + "|" + std::string(*content) + ";";
        continue;
      }
    }
    if (input.empty()) return seen;
    reader.feed(take_piece(input, piece));
  }
}

void read_file(const std::string& content) {
  (void)read_old_consumer(content);
  (void)read_old_block_index(content);
  std::string_view block = content;
  while (true) {
    const std::size_t before = block.size();
    const auto record = take_old_record(block);
    if (!record || !*record) break;
    require(block.size() < before, "a record takes nothing");
  }
  OldIndexReader index;
  std::string_view rest = content;
  std::int64_t budget = 1 << 20;
  (void)index.take(rest, budget, [](std::uint64_t) {});
}

std::string read_tar(std::string_view input, std::size_t piece) {
  TarReader reader;
  std::string seen, content;
  while (true) {
    const auto entry = reader.entry();
    if (!entry) return seen + "!";
    if (*entry != nullptr) {
      content += reader.content();
      reader.use(reader.content().size());
      if (reader.left() == 0) {
        read_file(content);
        seen += (*entry)->name + "|" + content + ";";
        content.clear();
        reader.next();
        continue;
      }
    }
    if (input.empty() || reader.is_at_end()) return seen + content;
    reader.feed(take_piece(input, piece));
  }
}

std::string read_s2(std::string_view input, std::size_t piece) {
  codec::S2Reader reader;
  std::string plain;
  while (plain.size() < (8U << 20)) {
    const auto more = reader.next(plain);
    if (!more) return plain + "!";
    if (*more) continue;
    if (input.empty()) break;
    reader.feed(take_piece(input, piece));
  }
  return plain;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const auto read : {read_entries, read_tar, read_s2})
    require(read(input, piece) == read(input, size), "how it is cut changes what is read");
  read_file(std::string(input));
  return 0;
}
