#include "store/pack/packed_file.h"

#include <algorithm>
#include <cstring>

namespace midge::store {
namespace {

constexpr std::size_t kSearchAtOnce = 64 << 10;

std::string random_bytes(io::Entropy& entropy, std::size_t size) {
  std::string bytes(size, '\0');
  entropy.fill({reinterpret_cast<unsigned char*>(bytes.data()), size});
  return bytes;
}

}  // namespace

Result<std::unique_ptr<PackedFile>> PackedFile::open(std::unique_ptr<io::File> file,
                                                     const Keyring* keys, io::Entropy& entropy) {
  std::string bytes(kPackHead, '\0');
  ASSIGN_OR_RETURN(const std::size_t there, file->read_at(0, bytes));
  ASSIGN_OR_RETURN(const PackHead head, read_pack_head(std::string_view(bytes).substr(0, there)));
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
  while (end_ < length) {
    ASSIGN_OR_RETURN(const std::string bytes, bytes_at(end_, kPieceHead));
    auto piece = Packer::read_head(bytes);
    if (!piece || piece->offset < size_) {
      ASSIGN_OR_RETURN(const auto next, next_head(end_ + 8));
      if (!next) return {};
      end_ = *next;
      continue;
    }
    if (end_ + kPieceHead + piece->stored > length) return {};  // cut off
    pieces_.push_back({*piece, end_});
    size_ = piece->offset + piece->size;
    end_ += piece->length();
  }
  return {};
}

// Only where the file is damaged.
Result<std::optional<std::uint64_t>> PackedFile::next_head(std::uint64_t at) {
  while (true) {
    ASSIGN_OR_RETURN(const std::string bytes, bytes_at(at, kSearchAtOnce + kPieceHead));
    for (std::size_t i = 0; i + kPieceHead <= bytes.size() && i < kSearchAtOnce; i += 8)
      if (Packer::read_head(std::string_view(bytes).substr(i))) return at + i;
    if (bytes.size() < kSearchAtOnce + kPieceHead) return std::nullopt;
    at += kSearchAtOnce;
  }
}

// ---- reading

Result<const std::string*> PackedFile::piece(std::size_t i) {
  if (unpacked_ == i) return &plain_;
  const Place& place = pieces_[i];
  ASSIGN_OR_RETURN(const std::string stored, bytes_at(place.at + kPieceHead, place.piece.stored));
  unpacked_.reset();
  ASSIGN_OR_RETURN(plain_, packer_.unpack(place.piece, stored));
  unpacked_ = i;
  return &plain_;
}

Result<std::size_t> PackedFile::read_at(std::uint64_t offset, std::span<char> into) {
  std::size_t done = 0;
  auto at = std::ranges::partition_point(
      pieces_, [&](const Place& place) { return place.piece.offset + place.piece.size <= offset; });
  for (; done < into.size() && at != pieces_.end(); ++at) {
    const std::uint64_t begin = at->piece.offset;
    if (offset + done < begin) return failure("a piece is damaged", ErrorCode::kIo);
    ASSIGN_OR_RETURN(const std::string* plain,
                     piece(static_cast<std::size_t>(at - pieces_.begin())));
    const std::size_t from = offset + done - begin;
    const std::size_t size = std::min(plain->size() - from, into.size() - done);
    std::memcpy(into.data() + done, plain->data() + from, size);
    done += size;
  }
  return done;
}

Result<std::string> PackedFile::read_all() {
  std::string all(size_, '\0');
  for (const Place& place : pieces_) {
    ASSIGN_OR_RETURN(const std::string stored, bytes_at(place.at + kPieceHead, place.piece.stored));
    if (const auto plain = packer_.unpack(place.piece, stored))
      plain->copy(all.data() + place.piece.offset, plain->size());
  }
  return all;
}

// ---- writing

Result<void> PackedFile::write_piece(std::string_view plain) {
  std::string bytes;
  packer_.pack(size_, plain, random_bytes(entropy_, crypto::kAeadNonceSize), bytes);
  const io::Slice slice{bytes.data(), bytes.size()};
  TRY(file_->write_at(end_, {&slice, 1}));
  pieces_.push_back({*Packer::read_head(bytes), end_});
  size_ += plain.size();
  end_ += bytes.size();
  return {};
}

Result<void> PackedFile::write_at(std::uint64_t offset, std::span<const io::Slice> from) {
  if (offset != size_)
    return failure("a packed file is written at its end only", ErrorCode::kInvalid);
  for (const io::Slice& slice : from) {
    std::string_view rest(slice.data, slice.size);
    while (!rest.empty()) {
      const std::string_view plain = rest.substr(0, kPieceMax);
      TRY(write_piece(plain));
      rest.remove_prefix(plain.size());
    }
  }
  return {};
}

Result<void> PackedFile::allocate(std::uint64_t size) {
  (void)size;
  return failure("a packed file is not allocated ahead", ErrorCode::kInvalid);
}

Result<void> PackedFile::truncate(std::uint64_t size) {
  while (!pieces_.empty() && pieces_.back().piece.offset >= size) pieces_.pop_back();
  size_ = pieces_.empty() ? 0 : pieces_.back().piece.offset + pieces_.back().piece.size;
  end_ = pieces_.empty() ? kPackHead : pieces_.back().at + pieces_.back().piece.length();
  unpacked_.reset();
  if (size_ != size) return failure("a packed file is cut off where a write ended", ErrorCode::kIo);
  return file_->truncate(end_);
}

}  // namespace midge::store
