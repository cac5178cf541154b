#include "io/posix/posix_entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace midge::io {

PosixEntropy::PosixEntropy() {
  std::uint64_t seed[2];
  fill({reinterpret_cast<unsigned char*>(seed), sizeof seed});
  counter_.store(seed[0], std::memory_order_relaxed);
  key_ = seed[1] | 1;
}

// A Weyl sequence through SplitMix64's mixer: lock-free from any thread, good for salts and draws.
std::uint64_t PosixEntropy::next() {
  std::uint64_t z = counter_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed) ^ key_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void PosixEntropy::fill(std::span<unsigned char> into) {
  while (!into.empty()) {
    const ssize_t count = getrandom(into.data(), into.size(), 0);
    ENSURE(count > 0 || errno == EINTR, "the kernel gives random bytes");
    if (count > 0) into = into.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace midge::io
