#include "store/pack/packed_file.h"

#include <algorithm>
#include <cstring>

#include "store/pack/random_bytes.h"

namespace midge::store {
namespace {

constexpr std::size_t kSearchAtOnce = 64 << 10;
constexpr std::size_t kAlignment = 8;  // of pieces

}  // namespace

Result<std::unique_ptr<PackedFile>> PackedFile::open(std::unique_ptr<io::File> file,
                                                     const PackHead& head, const Keyring* keys,
                                                     io::Entropy& entropy) {
  ASSIGN_OR_RETURN(Packer packer, Packer::create(head, keys));
  std::unique_ptr<PackedFile> packed(new PackedFile(std::move(file), std::move(packer), entropy));
  TRY(packed->find_pieces());
  return packed;
}

Result<std::unique_ptr<PackedFile>> PackedFile::create(std::unique_ptr<io::File> file,
                                                       const Keyring* keys, bool compress,
                                                       io::Entropy& entropy) {
  const PackHead head{keys == nullptr ? 0 : keys->current().id, compress,
                      random_bytes(entropy, 16)};
  ASSIGN_OR_RETURN(Packer packer, Packer::create(head, keys));
  const std::string bytes = write_pack_head(head);
  const io::Slice slice{bytes.data(), bytes.size()};
  TRY(file->write_at(0, {&slice, 1}));
  return std::unique_ptr<PackedFile>(new PackedFile(std::move(file), std::move(packer), entropy));
}

// ---- what is there

Result<std::string> PackedFile::bytes_at(std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  ASSIGN_OR_RETURN(const std::size_t there, file_->read_at(offset, bytes));
  bytes.resize(there);
  return bytes;
}

Result<void> PackedFile::find_pieces() {
  ASSIGN_OR_RETURN(const std::uint64_t length, file_->size());
  std::uint64_t known = end_;  // behind the last one that is whole
  while (end_ < length) {
    ASSIGN_OR_RETURN(const std::string bytes, bytes_at(end_, kPieceHead));
    const auto piece = packer_.read_head(bytes);
    // Between them is no more than what is damaged can have held.
    const std::uint64_t missing_max = (end_ - known) / kPieceHead * kPieceMax;
    if (!piece || piece->offset < plain_size() || piece->offset - plain_size() > missing_max) {
      ASSIGN_OR_RETURN(const auto next, next_head(end_ + kAlignment));
      if (!next) return {};
      end_ = *next;
      continue;
    }
    if (end_ + kPieceHead + piece->stored > length) return {};  // cut off
    pieces_.push_back({*piece, end_});
    end_ += piece->length();
    known = end_;
  }
  return {};
}

// Only where the file is damaged.
Result<std::optional<std::uint64_t>> PackedFile::next_head(std::uint64_t at) {
  while (true) {
    ASSIGN_OR_RETURN(const std::string bytes, bytes_at(at, kSearchAtOnce + kPieceHead));
    for (std::size_t i = 0; i + kPieceHead <= bytes.size() && i < kSearchAtOnce; i += kAlignment)
      if (packer_.read_head(std::string_view(bytes).substr(i))) return at + i;
    if (bytes.size() < kSearchAtOnce + kPieceHead) return std::nullopt;
    at += kSearchAtOnce;
  }
}

Result<std::uint64_t> PackedFile::size() {
  const std::lock_guard lock(mutex_);
  return plain_size();
}

// ---- reading

Result<bool> PackedFile::unpack(const Place& place, char* into) {
  ASSIGN_OR_RETURN(const std::string stored, bytes_at(place.at + kPieceHead, place.piece.stored));
  return packer_.unpack(place.piece, stored, into);
}

// What of the piece lies in [offset, offset + into.size()).
Result<void> PackedFile::read_piece(std::size_t i, std::uint64_t offset, std::span<char> into) {
  const Place& place = pieces_[i];
  const std::uint64_t begin = std::max(offset, place.piece.offset);
  const std::size_t size =
      static_cast<std::size_t>(std::min(offset + into.size(), place.plain_end()) - begin);
  char* const to = into.data() + (begin - offset);
  if (size == place.piece.size && kept_ != i) {
    ASSIGN_OR_RETURN(const bool is_whole, unpack(place, to));
    if (!is_whole) std::memset(to, 0, size);
    return {};
  }
  if (kept_ != i) {
    kept_.reset();
    plain_.resize(place.piece.size);
    ASSIGN_OR_RETURN(const bool is_whole, unpack(place, plain_.data()));
    if (!is_whole) std::ranges::fill(plain_, '\0');
    kept_ = i;
  }
  std::memcpy(to, plain_.data() + (begin - place.piece.offset), size);
  return {};
}

Result<std::size_t> PackedFile::read_at(std::uint64_t offset, std::span<char> into) {
  const std::lock_guard lock(mutex_);
  if (offset >= plain_size()) return std::size_t{0};
  into = into.first(
      static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), plain_size() - offset)));
  const auto first = std::ranges::partition_point(
      pieces_, [&](const Place& place) { return place.plain_end() <= offset; });
  std::uint64_t known = offset;  // up to here
  for (auto i = static_cast<std::size_t>(first - pieces_.begin());
       i < pieces_.size() && pieces_[i].piece.offset < offset + into.size(); ++i) {
    if (const std::uint64_t begin = pieces_[i].piece.offset; begin > known)
      std::memset(into.data() + (known - offset), 0, begin - known);
    TRY(read_piece(i, offset, into));
    known = pieces_[i].plain_end();
  }
  if (known < offset + into.size())
    std::memset(into.data() + (known - offset), 0, offset + into.size() - known);
  return into.size();
}

// ---- writing

Result<void> PackedFile::write_piece(std::string_view plain) {
  std::string bytes;
  packer_.pack(plain_size(), plain, random_bytes(entropy_, crypto::kAeadNonceSize), bytes);
  const io::Slice slice{bytes.data(), bytes.size()};
  TRY(file_->write_at(end_, {&slice, 1}));
  pieces_.push_back({*packer_.read_head(bytes), end_});
  end_ += bytes.size();
  return {};
}

// What is short is put together to whole pieces.
Result<void> PackedFile::write_at(std::uint64_t offset, std::span<const io::Slice> from) {
  const std::lock_guard lock(mutex_);
  if (offset != plain_size())
    return failure("a packed file is written at its end only", ErrorCode::kInvalid);
  std::string gathered;
  for (const io::Slice& slice : from) {
    std::string_view rest(slice.data, slice.size);
    while (!rest.empty()) {
      const std::size_t size = std::min(rest.size(), kPieceMax - gathered.size());
      if (gathered.empty() && size == kPieceMax) {
        TRY(write_piece(rest.substr(0, size)));
      } else {
        gathered.append(rest.substr(0, size));
        if (gathered.size() == kPieceMax) {
          TRY(write_piece(gathered));
          gathered.clear();
        }
      }
      rest.remove_prefix(size);
    }
  }
  return gathered.empty() ? Result<void>() : write_piece(gathered);
}

Result<void> PackedFile::allocate(std::uint64_t size) {
  (void)size;
  return failure("a packed file is not allocated ahead", ErrorCode::kInvalid);
}

Result<void> PackedFile::truncate(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto kept = std::ranges::partition_point(
      pieces_, [&](const Place& place) { return place.piece.offset < size; });
  const std::uint64_t end = kept == pieces_.begin() ? 0 : (kept - 1)->plain_end();
  if (end != size)
    return failure("a packed file is cut off where a write ended", ErrorCode::kInvalid);
  pieces_.erase(kept, pieces_.end());
  kept_.reset();
  end_ = pieces_.empty() ? kPackHead : pieces_.back().at + pieces_.back().piece.length();
  return file_->truncate(end_);
}

}  // namespace midge::store
