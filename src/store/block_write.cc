#include "store/block_write.h"

namespace midge::store {

Result<void> BlockWrite::run() const {
  TRY(disk->make_directory(folder));
  ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, disk->open(path, io::OpenMode::kWrite));
  TRY(file->truncate(from));
  std::vector<io::Slice> slices;
  slices.reserve(pieces.size() + 1);
  for (const BlockPiece& piece : pieces) slices.push_back({piece.bytes.data(), piece.bytes.size()});
  if (!end.empty()) slices.push_back({end.data(), end.size()});
  return file->write_at(from, slices);
}

}  // namespace midge::store
