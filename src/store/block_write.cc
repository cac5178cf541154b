#include "store/block_write.h"

namespace midge::store {

Result<void> BlockWrite::run(io::Disk& disk) const {
  TRY(disk.make_directory(folder));
  ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, disk.open(path, io::OpenMode::kWrite));
  std::uint64_t offset = from;
  for (const BlockPiece& piece : pieces) {
    const io::Slice slice{piece.bytes.data(), piece.bytes.size()};
    TRY(file->write_at(offset, {&slice, 1}));
    offset += piece.bytes.size();
  }
  if (!end.empty()) {
    const io::Slice slice{end.data(), end.size()};
    TRY(file->write_at(offset, {&slice, 1}));
    offset += end.size();
  }
  return file->truncate(offset);
}

}  // namespace midge::store
