// The bytes of a file, of which what was never written takes no memory.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>

namespace midge::sim {

class SparseBytes {
 public:
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Returns how many there were.
  std::size_t read(std::uint64_t offset, std::span<char> into) const;
  // Grows as needed.
  void write(std::uint64_t offset, std::string_view bytes);
  void resize(std::uint64_t size);

 private:
  static constexpr std::size_t kPage = 4096;
  std::map<std::uint64_t, std::array<char, kPage>> pages_;  // by number; bytes beyond size_ are 0
  std::uint64_t size_ = 0;
};

}  // namespace midge::sim
