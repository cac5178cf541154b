// An open file of Linux.
#pragma once

#include <string>

#include "io/file.h"
#include "io/posix/posix_fd.h"

namespace midge::io {

class PosixFile final : public File {
 public:
  PosixFile(PosixFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  Result<void> write_at(std::uint64_t offset, std::span<const Slice> from) override;
  Result<void> sync() override;
  Result<void> allocate(std::uint64_t size) override;
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() override;

 private:
  [[nodiscard]] std::unexpected<Error> failed(const char* call) const;
  Result<void> fill_with_zeros(std::uint64_t from, std::uint64_t to);

  PosixFd fd_;
  const std::string path_;  // for errors
};

}  // namespace midge::io
