#include "store/block_write.h"

namespace midge::store {

Result<void> BlockWrite::run() const {
  TRY(disk->make_directory(folder));
  ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, disk->open(path, io::OpenMode::kWrite));
  TRY(file->truncate(from));
  std::vector<io::Slice> records;
  records.reserve(pieces.size());
  for (const BlockPiece& piece : pieces)
    records.push_back({piece.bytes.data(), piece.bytes.size()});
  if (!records.empty()) TRY(file->write_at(from, records));
  if (end.empty()) return {};
  // By itself: what rots there takes no messages with it.
  const io::Slice slice{end.data(), end.size()};
  return file->write_at(to, {&slice, 1});
}

}  // namespace midge::store
