#include "io/posix/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/posix/posix_error.h"

namespace midge::io {
namespace {

constexpr std::size_t kSlicesAtOnce = 64;

// What is left of `slices` behind the first `written` bytes of `first`.
struct Rest {
  std::span<const Slice> slices;
  std::size_t skipped = 0;  // of the first one

  void advance(std::size_t count) {
    skipped += count;
    while (!slices.empty() && skipped >= slices.front().size) {
      skipped -= slices.front().size;
      slices = slices.subspan(1);
    }
  }
};

}  // namespace

std::unexpected<Error> PosixFile::failed(const char* call) const {
  return system_failure(std::string(call) + ' ' + path_, errno);
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return failed("read");
    }
  }
  return done;
}

Result<void> PosixFile::write_at(std::uint64_t offset, std::span<const Slice> from) {
  Rest rest{from};
  rest.advance(0);
  while (!rest.slices.empty()) {
    std::array<iovec, kSlicesAtOnce> vectors;
    const std::size_t count = std::min(rest.slices.size(), kSlicesAtOnce);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t skipped = i == 0 ? rest.skipped : 0;
      vectors[i] = {const_cast<char*>(rest.slices[i].data) + skipped,
                    rest.slices[i].size - skipped};
    }
    const ssize_t written =
        ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (written >= 0) {
      offset += static_cast<std::uint64_t>(written);
      rest.advance(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return failed("write");
    }
  }
  return {};
}

// EINTR is not retried: what a second fdatasync says of the first one's pages is nothing.
Result<void> PosixFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return failed("sync");
  return {};
}

Result<void> PosixFile::allocate(std::uint64_t size) {
  int result = 0;
  do {
    result = ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return {};
  if (errno != EOPNOTSUPP) return failed("allocate");
  ASSIGN_OR_RETURN(const std::uint64_t present, this->size());
  return fill_with_zeros(present, size);
}

Result<void> PosixFile::fill_with_zeros(std::uint64_t from, std::uint64_t to) {
  static constexpr std::array<char, 64 * 1024> kZeros{};
  while (from < to) {
    const Slice zeros{kZeros.data(), std::min<std::size_t>(kZeros.size(), to - from)};
    TRY(write_at(from, {&zeros, 1}));
    from += zeros.size;
  }
  return {};
}

Result<void> PosixFile::truncate(std::uint64_t size) {
  while (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
    if (errno != EINTR) return failed("truncate");
  return {};
}

Result<std::uint64_t> PosixFile::size() {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return failed("stat");
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace midge::io
