// Where all readers of the process read into: large enough for few calls, small enough for the
// cache, and larger only once a single frame is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace midge::load {

class Scratch {
 public:
  char* data() { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  // At least twice as much as there is of a frame already.
  void make_room(std::size_t begun) { bytes_.resize(std::max(bytes_.size(), 2 * begun)); }

 private:
  std::vector<char> bytes_ = std::vector<char>(256 * 1024);
};

}  // namespace midge::load
