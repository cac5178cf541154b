#include "store/block_list.h"

#include <algorithm>

#include "base/check.h"
#include "store/block/block_file.h"

namespace midge::store {
namespace {

// Sealed blocks of a stream whose records, or whose open files, are kept for the next reader.
constexpr std::size_t kReadableMax = 3;

std::string hex(std::uint32_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(8, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

}  // namespace

// Writes a sealed block's file. It is not synced: the checkpoint sees to that, and the journal
// has all of it until then.
class BlockList::WriteJob final : public io::Job {
 public:
  WriteJob(io::Disk& disk, std::string folder, std::string path, std::uint32_t number,
           std::vector<BlockPiece> pieces, std::string end, std::shared_ptr<Owner> owner)
      : disk_(disk),
        folder_(std::move(folder)),
        path_(std::move(path)),
        number_(number),
        pieces_(std::move(pieces)),
        end_(std::move(end)),
        owner_(std::move(owner)) {}

  void run() override { result_ = write(); }
  void done() override {
    if (owner_->list != nullptr) owner_->list->on_written(number_, result_);
  }

 private:
  Result<void> write() {
    TRY(disk_.make_directory(folder_));
    ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, disk_.open(path_, io::OpenMode::kWrite));
    TRY(file->truncate(0));
    std::uint64_t offset = 0;
    for (const BlockPiece& piece : pieces_) {
      const io::Slice slice{piece.bytes.data(), piece.bytes.size()};
      TRY(file->write_at(offset, {&slice, 1}));
      offset += piece.bytes.size();
    }
    const io::Slice end{end_.data(), end_.size()};
    return file->write_at(offset, {&end, 1});
  }

  io::Disk& disk_;
  std::string folder_, path_;
  std::uint32_t number_;
  std::vector<BlockPiece> pieces_;
  std::string end_;
  std::shared_ptr<Owner> owner_;
  Result<void> result_;
};

BlockList::BlockList(io::Env& env, io::Loop& loop, StreamId stream, std::string folder,
                     std::uint32_t block_size)
    : env_(env),
      loop_(loop),
      stream_(stream),
      folder_(std::move(folder)),
      block_size_(block_size),
      owner_(std::make_shared<Owner>(Owner{this})) {}

BlockList::~BlockList() { owner_->list = nullptr; }

std::string BlockList::path_of(std::uint32_t number) const {
  return folder_ + "/" + hex(number) + ".blk";
}

// ---- writing

BlockList::Slot& BlockList::open_slot(Sequence sequence, const NewMessage& message) {
  if (!slots_.empty() && !slots_.back().block->sealed()) {
    Slot& last = slots_.back();
    const bool full = last.block->records() > 0 && last.block->length() >= block_size_;
    if (!full && last.block->has_room(sequence, message)) return last;
    last.block->seal();
    if (!folder_.empty()) write_behind(last);
  }
  const BlockName name{stream_, next_number_++, sequence};
  slots_.push_back({std::make_unique<Block>(name, env_.entropy().hash_salt())});
  return slots_.back();
}

std::string_view BlockList::append(Sequence sequence, const NewMessage& message) {
  return open_slot(sequence, message).block->append(sequence, message);
}

void BlockList::write_behind(Slot& slot) {
  Block& block = *slot.block;
  slot.state = Slot::State::kWriting;
  const std::uint32_t number = block.name().number;
  env_.disk_pool().submit(
      loop_, std::make_unique<WriteJob>(env_.disk(), folder_, path_of(number), number,
                                        block.pieces(0, block.length()), block.make_end(), owner_));
}

void BlockList::on_written(std::uint32_t number, const Result<void>& result) {
  const auto slot =
      std::ranges::find(slots_, number, [](const Slot& s) { return s.block->name().number; });
  if (slot == slots_.end()) return;
  if (!result) {
    // It stays in memory, and the journal keeps it too.
    slot->state = Slot::State::kMemory;
    return;
  }
  slot->state = Slot::State::kWritten;
  slot->used = ++clock_;
  forget_least_used();
}

// ---- reading

std::size_t BlockList::place_of(Sequence sequence) const {
  const auto found = std::ranges::partition_point(
      slots_, [&](const Slot& slot) { return slot.block->last() < sequence; });
  return static_cast<std::size_t>(found - slots_.begin());
}

Block* BlockList::containing(Sequence sequence) {
  const std::size_t place = place_of(sequence);
  if (place == size() || at(place).first() > sequence) return nullptr;
  return &at(place);
}

Result<io::File*> BlockList::file_of(Slot& slot) {
  slot.used = ++clock_;
  if (slot.file == nullptr) {
    ASSIGN_OR_RETURN(slot.file,
                     env_.disk().open(path_of(slot.block->name().number), io::OpenMode::kRead));
    forget_least_used();
  }
  return slot.file.get();
}

Result<StoredMessage> BlockList::load(Sequence sequence) {
  const std::size_t place = place_of(sequence);
  const auto not_found = [] { return failure("no message found", ErrorCode::kNotFound); };
  if (place == size()) return not_found();
  Slot& slot = slots_[place];
  Block& block = *slot.block;
  if (!block.is_there(sequence)) return not_found();
  if (block.in_memory()) return *block.load(sequence);
  ASSIGN_OR_RETURN(io::File* const file, file_of(slot));
  auto message = read_message(*file, *block.place_of(sequence), sequence, buffer_);
  if (!message && message.error().code() == ErrorCode::kIo) lost_.push_back(sequence);
  return message;
}

Result<void> BlockList::need_records(std::size_t i) {
  Slot& slot = slots_[i];
  Block& block = *slot.block;
  slot.used = ++clock_;
  if (block.in_memory()) return {};
  ASSIGN_OR_RETURN(io::File* const file, file_of(slot));
  ASSIGN_OR_RETURN(BlockRecords records, read_block_records(*file, block));
  for (const Sequence sequence : records.damaged) lost_.push_back(sequence);
  block.take_records(std::move(records.chunks));
  forget_least_used();
  return {};
}

Result<void> BlockList::erase(Sequence sequence) {
  const std::size_t place = place_of(sequence);
  if (place == size()) return {};
  TRY(need_records(place));
  Slot& slot = slots_[place];
  // The job that writes it holds its bytes: what is removed is not read again, and goes with the
  // block.
  if (slot.state == Slot::State::kWriting) return {};
  const Block::Erased erased = slot.block->erase(sequence);
  if (slot.state != Slot::State::kWritten) return {};
  ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file,
                   env_.disk().open(path_of(slot.block->name().number), io::OpenMode::kWrite));
  const std::string end = slot.block->make_end();
  const io::Slice record{erased.record.data(), erased.record.size()};
  const io::Slice whole_end{end.data(), end.size()};
  TRY(file->write_at(erased.offset, {&record, 1}));
  return file->write_at(slot.block->length(), {&whole_end, 1});
}

void BlockList::forget_least_used() {
  const auto is_readable = [](const Slot& slot) {
    return slot.state == Slot::State::kWritten && (slot.block->in_memory() || slot.file != nullptr);
  };
  while (static_cast<std::size_t>(std::ranges::count_if(slots_, is_readable)) > kReadableMax) {
    Slot* oldest = nullptr;
    for (Slot& slot : slots_)
      if (is_readable(slot) && (oldest == nullptr || slot.used < oldest->used)) oldest = &slot;
    if (oldest->block->in_memory()) oldest->block->drop_records();
    oldest->file.reset();
  }
}

// ---- letting go

void BlockList::drop_empty() {
  std::erase_if(slots_,
                [](const Slot& slot) { return slot.block->sealed() && slot.block->live() == 0; });
  // An open block that lost all it had begins anew, or its records would stay for ever.
  if (slots_.size() == 1 && slots_[0].block->records() > 0 && slots_[0].block->live() == 0)
    slots_.clear();
}

void BlockList::clear() { slots_.clear(); }

std::size_t BlockList::memory() const {
  std::size_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.block->memory();
  return sum;
}

std::size_t BlockList::unwritten() const {
  return static_cast<std::size_t>(std::ranges::count_if(slots_, [](const Slot& slot) {
    return slot.block->sealed() && slot.state != Slot::State::kWritten;
  }));
}

}  // namespace midge::store
