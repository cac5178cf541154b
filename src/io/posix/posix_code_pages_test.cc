// Goal: the pages go, and nobody notices.
// Method: the kernel's sums before and after, with code and constants used again.
#include "io/posix/posix_code_pages.h"

#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include "io/posix/posix_disk.h"

namespace midge::io {
namespace {

// Of this process, in KiB: mapped at present and not its own.
long resident_file_memory() {
  const std::string sums = PosixDisk().read_file("/proc/self/smaps_rollup").value();
  const auto sum = [&sums](const char* name) {
    return std::stol(sums.substr(sums.find(name) + std::strlen(name)));
  };
  return sum("\nRss:") - sum("\nAnonymous:");
}

TEST_CASE("code and constants that nobody uses are not resident any more") {
  const std::string text = "a constant: " + std::to_string(resident_file_memory());
  const long before = resident_file_memory();
  drop_code_pages();
  const long after = resident_file_memory();
  CHECK(after < before);
  CHECK(text.starts_with("a constant: "));
  drop_code_pages();  // again, with most of them gone
  CHECK(resident_file_memory() < before);
}

}  // namespace
}  // namespace midge::io
