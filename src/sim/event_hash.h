// A digest of everything that happened, in order: the same seed must give the same one.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::sim {

enum class SimEvent : std::uint8_t {
  kTick,
  kMail,
  kAccept,
  kArrival,
  kRead,
  kWrite,
  kClose,
  kLog,
  kDisk,
  kWorkload
};

class EventHash {
 public:
  void add(SimEvent event, std::uint64_t a, std::uint64_t b = 0) {
    absorb((a << 8) ^ static_cast<std::uint64_t>(event));
    absorb(b);
    ++count_;
  }
  void add(SimEvent event, std::uint64_t a, std::string_view bytes) {
    std::uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
    for (const char byte : bytes) {
      digest ^= static_cast<unsigned char>(byte);
      digest *= 0x100000001b3;
    }
    add(event, a, digest);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  void absorb(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 32;
  }
  std::uint64_t value_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace midge::sim
