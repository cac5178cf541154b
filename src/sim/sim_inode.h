// A file's contents, twice: as processes see them, and as they are after a power cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sim_random.h"
#include "sim/sparse_bytes.h"

namespace midge::sim {

class SimInode {
 public:
  void write(std::uint64_t offset, std::string_view bytes);
  void resize(std::uint64_t size);
  // Bytes the next one flips in both views; true if there is such a byte.
  bool flip(std::uint64_t offset, unsigned char bits);

  [[nodiscard]] const SparseBytes& seen() const { return seen_; }

  // A sync that succeeds.
  void store();
  // Of what was not synced, some comes to the disk: whole, in pieces or not at all, in no order.
  // The rest never will: a power cut, or a sync that fails (the system then takes pages for clean).
  void store_some(SimRandom& random);
  // After the power cut: what processes see is what the disk has.
  void forget_unstored();

 private:
  struct Change {
    bool is_resize = false;
    std::uint64_t offset = 0;  // or the size
    std::string bytes;
  };
  void store_torn(const Change& change, SimRandom& random);
  void store(const Change& change);

  SparseBytes seen_;
  SparseBytes stored_;
  std::vector<Change> unsynced_;
};

}  // namespace midge::sim
