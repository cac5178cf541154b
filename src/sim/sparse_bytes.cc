#include "sim/sparse_bytes.h"

#include <algorithm>
#include <cstring>

namespace midge::sim {

std::size_t SparseBytes::read(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return 0;
  const std::size_t total = std::min<std::uint64_t>(into.size(), size_ - offset);
  for (std::size_t done = 0; done < total;) {
    const std::size_t within = (offset + done) % kPage;
    const std::size_t count = std::min(kPage - within, total - done);
    const auto page = pages_.find((offset + done) / kPage);
    if (page == pages_.end()) {
      std::memset(into.data() + done, 0, count);
    } else {
      std::memcpy(into.data() + done, page->second.data() + within, count);
    }
    done += count;
  }
  return total;
}

void SparseBytes::write(std::uint64_t offset, std::string_view bytes) {
  size_ = std::max<std::uint64_t>(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const std::size_t within = offset % kPage;
    const std::size_t count = std::min(kPage - within, bytes.size());
    const auto page = pages_.try_emplace(offset / kPage);
    if (page.second) page.first->second.fill(0);
    std::memcpy(page.first->second.data() + within, bytes.data(), count);
    bytes.remove_prefix(count);
    offset += count;
  }
}

void SparseBytes::resize(std::uint64_t size) {
  if (size < size_) {
    pages_.erase(pages_.lower_bound((size + kPage - 1) / kPage), pages_.end());
    const auto last = pages_.find(size / kPage);
    if (last != pages_.end())
      std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size % kPage),
                last->second.end(), '\0');
  }
  size_ = size;
}

}  // namespace midge::sim
