#include "store/block/block_file.h"

#include <algorithm>
#include <span>
#include <utility>

#include "store/checksum.h"

namespace midge::store {
namespace {

Result<void> read_exactly(io::File& file, std::uint64_t offset, std::span<char> into) {
  ASSIGN_OR_RETURN(const std::size_t size, file.read_at(offset, into));
  if (size < into.size()) return failure("the file is cut off", ErrorCode::kIo);
  return {};
}

Result<std::string> read_string(io::File& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  TRY(read_exactly(file, offset, bytes));
  return bytes;
}

// Whether the sizes of an index and of the file agree, before anything is read by them.
Result<void> check_extent(const BlockTrailer& trailer, std::uint64_t file_size) {
  if (trailer.index_offset + block_index_size(trailer.records, trailer.subjects) +
          subject_texts_min(trailer.subjects) + kBlockTrailer >
      file_size)
    return failure("the trailer contradicts the file's size", ErrorCode::kIo);
  return {};
}

std::uint64_t records_checksum(const RecordChunks& chunks) {
  RunningChecksum running;
  for (const BlockPiece& piece : chunks.pieces(0, chunks.size())) running.add(piece.bytes);
  return running.value();
}

}  // namespace

Result<std::unique_ptr<Block>> open_block(io::File& file, const BlockName& name,
                                          SubjectTexts* texts) {
  ASSIGN_OR_RETURN(const std::uint64_t size, file.size());
  if (size < kBlockHeader + kBlockTrailer) return failure("the file is cut off", ErrorCode::kIo);
  ASSIGN_OR_RETURN(const std::string header, read_string(file, 0, kBlockHeader));
  ASSIGN_OR_RETURN(const BlockName found, read_block_header(header));
  if (found != name) return failure("the file is another block", ErrorCode::kIo);
  ASSIGN_OR_RETURN(const std::string end, read_string(file, size - kBlockTrailer, kBlockTrailer));
  ASSIGN_OR_RETURN(const BlockTrailer trailer, read_block_trailer(end));
  TRY(check_extent(trailer, size));
  ASSIGN_OR_RETURN(
      const std::string bytes,
      read_string(file, trailer.index_offset, size - kBlockTrailer - trailer.index_offset));
  const std::size_t index = block_index_size(trailer.records, trailer.subjects);
  ASSIGN_OR_RETURN(BlockColumns columns,
                   read_block_index(std::string_view(bytes).substr(0, index), name, trailer));
  if (texts != nullptr)
    if (auto read = read_subject_texts(std::string_view(bytes).substr(index), trailer.subjects))
      *texts = std::move(*read);
  return std::make_unique<Block>(name, trailer, std::move(columns));
}

Result<SubjectTexts> read_subject_texts(io::File& file, const Block& block) {
  ASSIGN_OR_RETURN(const std::uint64_t size, file.size());
  const std::uint64_t begin = block.texts_offset();
  if (size < begin + kBlockTrailer) return failure("the file is cut off", ErrorCode::kIo);
  ASSIGN_OR_RETURN(const std::string bytes, read_string(file, begin, size - kBlockTrailer - begin));
  return read_subject_texts(bytes, block.subjects());
}

Result<StoredMessage> read_message(io::File& file, Block::Place place, Sequence sequence,
                                   std::string& buffer) {
  buffer.resize(place.length);
  TRY(read_exactly(file, place.offset, buffer));
  return read_message(buffer, sequence);
}

Result<StoredMessage> read_message(std::string_view bytes, Sequence sequence) {
  ASSIGN_OR_RETURN(const Record record, read_record(bytes));
  if (record.length != bytes.size() || record.message.sequence != sequence)
    return failure("another record lies there", ErrorCode::kIo);
  if (record.erased) return failure("the message was erased", ErrorCode::kNotFound);
  return record.message;
}

Result<BlockRecords> read_block_records(io::File* file, const Block& block) {
  const auto length = static_cast<std::size_t>(block.length());
  SharedBytes bytes = SharedBytes::allocate(length);
  std::size_t there = 0;
  if (file != nullptr) {
    ASSIGN_OR_RETURN(there, file->read_at(0, {bytes.data(), length}));
  }
  std::fill(bytes.data() + there, bytes.data() + length, '\0');
  BlockRecords records;
  records.chunks = RecordChunks(std::move(bytes), length);
  if (records_checksum(records.chunks) == block.trailer().records_checksum) return records;
  Block::Check check = block.check(records.chunks);
  records.damaged = std::move(check.damaged);
  records.erased = std::move(check.erased);
  return records;
}

Result<BlockFault> find_block_fault(io::File& file, const BlockName& name) {
  SubjectTexts texts;
  const auto block = open_block(file, name, &texts);
  if (!block) return BlockFault{block.error().text()};
  ASSIGN_OR_RETURN(const BlockRecords records, read_block_records(&file, **block));
  if (!records.damaged.empty())
    return BlockFault{std::to_string(records.damaged.size()) + " of its records are damaged"};
  if (texts.size() != (*block)->subjects())
    return BlockFault{"its subjects' texts are damaged", true};
  return BlockFault{};
}

namespace {

// The sealed block whose index `bytes` end with.
Result<std::unique_ptr<Block>> with_index(std::string_view bytes, const BlockName& name) {
  if (bytes.size() < kBlockHeader + kBlockTrailer)
    return failure("the file is cut off", ErrorCode::kIo);
  ASSIGN_OR_RETURN(const BlockTrailer trailer,
                   read_block_trailer(bytes.substr(bytes.size() - kBlockTrailer)));
  TRY(check_extent(trailer, bytes.size()));
  const std::string_view index =
      bytes.substr(trailer.index_offset, block_index_size(trailer.records, trailer.subjects));
  ASSIGN_OR_RETURN(BlockColumns columns, read_block_index(index, name, trailer));
  return std::make_unique<Block>(name, trailer, std::move(columns));
}

constexpr std::size_t kRecordAlignment = 8;

// Takes the next record into the open block.
Result<std::size_t> take_record(Block& block, std::string_view bytes) {
  ASSIGN_OR_RETURN(const Record record, read_record(bytes));
  const StoredMessage& from = record.message;
  const NewMessage message{from.subject, from.header, from.payload, from.time};
  if (from.sequence <= block.last() || !block.has_room(from.sequence, message))
    return failure("a record is out of order", ErrorCode::kIo);
  block.append(from.sequence, message);
  if (record.erased) {
    block.remove(from.sequence);
    block.erase(from.sequence);
  }
  return record.length;
}

}  // namespace

RebuiltBlock rebuild_block(std::string_view bytes, const BlockName& name, std::uint64_t salt) {
  RebuiltBlock rebuilt;
  const Result<BlockName> header = read_block_header(bytes);
  rebuilt.header_damaged = !header || *header != name;

  if (auto sealed = with_index(bytes, name)) {
    rebuilt.block = std::move(*sealed);
    const auto length = static_cast<std::size_t>(rebuilt.block->length());
    SharedBytes copy = SharedBytes::allocate(length);
    bytes.copy(copy.data(), length);
    write_block_header(copy.data(), name);
    RecordChunks chunks(std::move(copy), length);
    Block::Check check = rebuilt.block->check(chunks);
    rebuilt.lost = std::move(check.damaged);
    for (const Sequence sequence : rebuilt.lost) rebuilt.block->lose(sequence);
    for (const Sequence sequence : check.erased) rebuilt.block->lose(sequence);
    rebuilt.block->take_records(std::move(chunks));
    return rebuilt;
  }

  rebuilt.block = std::make_unique<Block>(name, salt);
  std::size_t at = std::min(kBlockHeader, bytes.size());
  std::size_t read = at;
  while (at < bytes.size()) {
    const Result<std::size_t> taken = take_record(*rebuilt.block, bytes.substr(at));
    if (taken) {
      read += *taken;
      at += *taken;
      continue;
    }
    // Its length may be wrong, too: the next one is looked for.
    if (rebuilt.why.empty()) rebuilt.why = taken.error().text();
    at += kRecordAlignment;
  }
  rebuilt.unread = bytes.size() - read;
  return rebuilt;
}

}  // namespace midge::store
