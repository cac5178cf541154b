// Randomness of the kernel.
#pragma once

#include <atomic>

#include "io/entropy.h"

namespace midge::io {

class PosixEntropy final : public Entropy {
 public:
  PosixEntropy();
  std::uint64_t next() override;
  void fill(std::span<unsigned char> into) override;

 private:
  std::atomic<std::uint64_t> counter_;
  std::uint64_t key_ = 0;
};

}  // namespace midge::io
