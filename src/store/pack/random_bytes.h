// Bytes fit for keys, salts and nonces.
#pragma once

#include <cstddef>
#include <string>

#include "io/entropy.h"

namespace midge::store {

inline std::string random_bytes(io::Entropy& entropy, std::size_t size) {
  std::string bytes(size, '\0');
  entropy.fill({reinterpret_cast<unsigned char*>(bytes.data()), size});
  return bytes;
}

}  // namespace midge::store
