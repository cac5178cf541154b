#include "proto/payload_block.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace midge::proto {

void PayloadBlock::append(std::string_view bytes, std::size_t declared) {
  const std::size_t total = size_ + bytes.size();
  DCHECK(total <= declared, "a payload grew beyond its declared size");
  if (total > block_.capacity()) {
    // Sent at full speed, a payload of 1 MiB moves twice, not once per chunk.
    const std::size_t roomy = std::max(kPayloadBlockMin, total * kPayloadBlockGrowth);
    SharedBytes grown = SharedBytes::allocate(std::min(roomy, declared));
    if (size_ != 0) std::memcpy(grown.data(), block_.data(), size_);
    block_ = std::move(grown);
  }
  if (!bytes.empty()) std::memcpy(block_.data() + size_, bytes.data(), bytes.size());
  size_ = total;
}

}  // namespace midge::proto
