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
  // For hash tables only. A stream of draws of its own, so that the simulator can change the salts
  // and nothing else: what happens must not depend on the order in which a table is walked.
  virtual std::uint64_t hash_salt() { return next(); }
  // Bytes fit for keys.
  virtual void fill(std::span<unsigned char> into) = 0;
};

}  // namespace midge::io
