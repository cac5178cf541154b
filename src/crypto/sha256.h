// SHA-256, by libsodium.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace midge::crypto {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// Of bytes that come one after the other.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  // 32 bytes; nothing may be added any more.
  std::string digest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::crypto
