// XXH3, 64 bits: the checksum of all that the store writes.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::store {

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0);

// The same over pieces, one behind the other.
class RunningChecksum {
 public:
  RunningChecksum();
  ~RunningChecksum();
  RunningChecksum(const RunningChecksum&) = delete;
  RunningChecksum& operator=(const RunningChecksum&) = delete;

  void add(std::string_view bytes);
  [[nodiscard]] std::uint64_t value() const;

 private:
  void* state_;
};

}  // namespace midge::store
