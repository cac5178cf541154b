// The only source of randomness. Under the simulator it is the seed's.
// Thread: any. next() is cheap enough for one call per connection; the message path seeds its own
// generator from it.
#pragma once

#include <cstdint>
#include <span>

namespace midge::io {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;
  // Bytes fit for keys.
  virtual void fill(std::span<unsigned char> into) = 0;
};

}  // namespace midge::io
