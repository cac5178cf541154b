// Reads in and out of order against the whole file, and how often the file is asked.
#include "store/block/read_window.h"

#include <string>

#include <doctest/doctest.h>

#include "store/block/memory_file.h"

namespace midge::store {
namespace {

// Counts how often it is asked.
class CountingFile final : public MemoryFile {
 public:
  using MemoryFile::MemoryFile;
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    ++reads;
    return MemoryFile::read_at(offset, into);
  }
  int reads = 0;
};

std::string numbered(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i) + ' ';
  bytes.resize(size);
  return bytes;
}

}  // namespace

TEST_CASE("A read window gives the file's bytes, and asks once for many that follow one another") {
  const std::string bytes = numbered(300'000);
  CountingFile file(bytes);
  ReadWindow window;
  for (std::size_t at = 1000; at + 100 <= bytes.size(); at += 100) {
    const auto read = window.read(file, 1, at, 100, bytes.size());
    REQUIRE(read);
    REQUIRE(*read == std::string_view(bytes).substr(at, 100));
  }
  CHECK(file.reads <= 7);
}

TEST_CASE("A read window reads no more than is asked for in any order") {
  const std::string bytes = numbered(300'000);
  CountingFile file(bytes);
  ReadWindow window;
  for (std::size_t at = 280'000; at >= 20'000; at -= 20'000) {
    const auto read = window.read(file, 1, at, 50, bytes.size());
    REQUIRE(read);
    REQUIRE(*read == std::string_view(bytes).substr(at, 50));
  }
  CHECK(file.reads == 14);
}

TEST_CASE("A read window tells blocks apart, and does not read beyond their records") {
  const std::string first(1000, 'a'), second(1000, 'b');
  CountingFile a(first), b(second);
  ReadWindow window;
  CHECK(*window.read(a, 1, 0, 10, 900) == std::string(10, 'a'));
  CHECK(*window.read(a, 1, 10, 10, 900) == std::string(10, 'a'));
  CHECK(*window.read(b, 2, 20, 10, 900) == std::string(10, 'b'));
  CHECK(*window.read(b, 2, 30, 870, 900) == std::string(870, 'b'));
  CHECK(window.read(b, 2, 900, 200, 2000).error().code() == ErrorCode::kIo);
  CHECK(*window.read(b, 2, 0, 10, 900) == std::string(10, 'b'));
}

}  // namespace midge::store
