// A file that is a string, for tests.
#pragma once

#include <algorithm>
#include <string>

#include "io/file.h"

namespace midge::store {

class MemoryFile : public io::File {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    return bytes_.copy(into.data(), into.size(), offset);
  }
  Result<void> write_at(std::uint64_t offset, std::span<const io::Slice> from) override {
    for (const io::Slice& slice : from) {
      bytes_.resize(std::max<std::size_t>(bytes_.size(), offset + slice.size));
      std::copy_n(slice.data, slice.size, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
      offset += slice.size;
    }
    return {};
  }
  Result<void> sync() override { return {}; }
  Result<void> allocate(std::uint64_t size) override {
    bytes_.resize(std::max<std::size_t>(bytes_.size(), size));
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    bytes_.resize(size);
    return {};
  }
  Result<std::uint64_t> size() override { return bytes_.size(); }

 private:
  std::string bytes_;
};

}  // namespace midge::store
