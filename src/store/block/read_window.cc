#include "store/block/read_window.h"

#include <algorithm>

namespace midge::store {

Result<std::string_view> ReadWindow::read(io::File& file, std::uint32_t block, std::uint64_t from,
                                          std::size_t size, std::uint64_t end) {
  const bool follows = block == block_ && from >= last_end_ && from - last_end_ <= kNear;
  const bool has_it = block == block_ && from >= from_ && from + size <= from_ + bytes_.size();
  last_end_ = from + size;
  if (!has_it) {
    const std::uint64_t wanted = follows ? std::max<std::uint64_t>(size, kAhead) : size;
    bytes_.resize(static_cast<std::size_t>(
        std::max<std::uint64_t>(std::min(wanted, end > from ? end - from : 0), size)));
    block_ = block;
    from_ = from;
    Result<std::size_t> got = file.read_at(from, bytes_);
    if (!got || *got < size) {
      forget();
      if (!got) return std::unexpected(got.error());
      return failure("the file is cut off", ErrorCode::kIo);
    }
    bytes_.resize(*got);
  }
  return std::string_view(bytes_).substr(static_cast<std::size_t>(from - from_), size);
}

}  // namespace midge::store
