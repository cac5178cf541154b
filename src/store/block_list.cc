#include "store/block_list.h"

#include <algorithm>

#include "base/check.h"
#include "store/block/block_file.h"
#include "store/block_write.h"

namespace midge::store {
namespace {

// Sealed blocks of a stream whose records, or whose open files, are kept for the next reader.
constexpr std::size_t kReadableMax = 3;
// While memory is short an open block that has this much is sealed before it is full.
constexpr std::uint64_t kWorthSealing = 256 * 1024;

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
  WriteJob(BlockWrite write, std::shared_ptr<Owner> owner)
      : write_(std::move(write)), owner_(std::move(owner)) {}

  void run() override { result_ = write_.run(); }
  void done() override {
    if (owner_->list == nullptr) return;
    --owner_->list->jobs_;
    owner_->list->on_written(write_, result_);
  }

 private:
  BlockWrite write_;
  std::shared_ptr<Owner> owner_;
  Result<void> result_;
};

BlockList::BlockList(io::Env& env, io::Loop& loop, StreamId stream, PackedDisk& disk,
                     std::string folder, std::uint32_t block_size)
    : env_(env),
      loop_(loop),
      stream_(stream),
      disk_(&disk),
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

BlockWrite BlockList::take_write(Slot& slot) {
  const Block& block = *slot.block;
  BlockWrite write;
  write.disk = disk_;
  write.folder = folder_;
  write.number = block.name().number;
  write.path = path_of(write.number);
  write.from = slot.written;
  write.to = block.length();
  write.pieces = block.pieces(write.from, write.to);
  if (block.sealed()) write.end = block.make_end();
  slot.state = Slot::State::kWriting;
  if (slot.written == 0) slot.packed = disk_->packs();
  return write;
}

void BlockList::write_behind(Slot& slot) {
  if (held_ || slot.state != Slot::State::kMemory) return;
  BlockWrite write = take_write(slot);
  if (blocking_) {
    const Result<void> result = write.run();
    return on_written(write, result);
  }
  ++jobs_;
  env_.disk_pool().submit(loop_, std::make_unique<WriteJob>(std::move(write), owner_));
}

std::vector<BlockWrite> BlockList::take_writes() {
  std::vector<BlockWrite> writes;
  for (Slot& slot : slots_)
    if (slot.state == Slot::State::kMemory &&
        (slot.block->sealed() || slot.block->length() > slot.written))
      writes.push_back(take_write(slot));
  return writes;
}

void BlockList::on_written(const BlockWrite& write, const Result<void>& result) {
  Slot* const slot = find_slot(write.number);
  if (slot == nullptr) return;
  slot->state = Slot::State::kMemory;
  // If it failed, all stays in memory, and the journal keeps it too.
  if (!result && result.error().code() == ErrorCode::kInvalid) leave_file(*slot);
  if (!result) return;
  slot->written = write.to;
  if (write.end.empty()) {
    if (slot->block->sealed()) write_behind(*slot);
    return;
  }
  slot->state = Slot::State::kWritten;
  slot->used = ++clock_;
  forget_least_used();
}

BlockList::Slot* BlockList::find_slot(std::uint32_t number) {
  const auto slot =
      std::ranges::find(slots_, number, [](const Slot& one) { return one.block->name().number; });
  return slot == slots_.end() ? nullptr : &*slot;
}

void BlockList::forget_jobs() {
  jobs_ = 0;
  for (Slot& slot : slots_)
    if (slot.state == Slot::State::kWriting) slot.state = Slot::State::kMemory;
}

// ---- after a restart

void BlockList::restore(std::unique_ptr<Block> block, InFile in_file) {
  next_number_ = std::max(next_number_, block->name().number + 1);
  Slot slot;
  if (in_file != InFile::kNothing) slot.written = block->length();
  if (in_file == InFile::kAll && block->sealed()) slot.state = Slot::State::kWritten;
  slot.block = std::move(block);
  slots_.push_back(std::move(slot));
  if (in_file != InFile::kNothing) look_at_file(slots_.back());
}

// Whether it may stay.
void BlockList::look_at_file(Slot& slot) {
  const bool is_written = slot.state == Slot::State::kWritten;
  // What is sealed and lacks its index gets it from memory; a packed file cannot be mended.
  if (!is_written && slot.block->sealed() && is_packed(slot)) return leave_file(slot);
  if (!disk_->encrypts()) return;
  const auto state = disk_->look(path_of(slot.block->name().number));
  if (!state) return;
  slot.packed = state->is_packed;
  if (!state->is_outdated) return;
  slot.moves = is_written;
  if (!is_written) leave_file(slot);
}

// ---- reading

std::size_t BlockList::place_of(Sequence sequence) const {
  const auto is_here = [&](std::size_t i) {
    return slots_[i].block->last() >= sequence &&
           (i == 0 || slots_[i - 1].block->last() < sequence);
  };
  if (hint_ < slots_.size() && is_here(hint_)) return hint_;
  const auto found = std::ranges::partition_point(
      slots_, [&](const Slot& slot) { return slot.block->last() < sequence; });
  return hint_ = static_cast<std::size_t>(found - slots_.begin());
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
                     disk_->open(path_of(slot.block->name().number), io::OpenMode::kRead));
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
  if (block.in_memory()) {
    window_.forget();
    return *block.load(sequence);
  }
  const Block::Place where = *block.place_of(sequence);
  const auto read = [&]() -> Result<StoredMessage> {
    ASSIGN_OR_RETURN(io::File* const file, file_of(slot));
    ASSIGN_OR_RETURN(
        const std::string_view bytes,
        window_.read(*file, block.name().number, where.offset, where.length, block.length()));
    return read_message(bytes, sequence);
  };
  auto message = read();
  if (message) return message;
  // What else of the block is damaged?
  if (!need_records(place)) return message;
  if (auto there = block.load(sequence)) return *there;
  return failure("the message is damaged", ErrorCode::kIo);
}

Result<void> BlockList::need_records(std::size_t i) {
  Slot& slot = slots_[i];
  Block& block = *slot.block;
  slot.used = ++clock_;
  if (block.in_memory()) return {};
  const auto file = file_of(slot);
  if (!file && file.error().code() != ErrorCode::kNotFound) return std::unexpected(file.error());
  ASSIGN_OR_RETURN(BlockRecords records, read_block_records(file ? *file : nullptr, block));
  // They are removed. The index may still say that they have their subjects' texts.
  for (const Sequence sequence : records.erased) block.lose(sequence);
  if (block.live() == 0) note_empty();
  block.take_records(std::move(records.chunks));
  if (!records.damaged.empty())
    take_damage(slot, records.damaged,
                file ? std::to_string(records.damaged.size()) + " of its records are damaged"
                     : "the file is not there");
  forget_least_used();
  return {};
}

// ---- erasing

BlockList::Slot* BlockList::slot_with(Sequence sequence) {
  const std::size_t place = place_of(sequence);
  return place < size() && at(place).place_of(sequence) ? &slots_[place] : nullptr;
}

bool BlockList::is_packed(Slot& slot) {
  if (slot.written == 0 && slot.state == Slot::State::kMemory) return false;
  if (!slot.packed) {
    const auto state = disk_->look(path_of(slot.block->name().number));
    if (!state) return false;
    slot.packed = state->is_packed;
  }
  return *slot.packed;
}

void BlockList::erase(Sequence sequence) {
  Slot* const slot = slot_with(sequence);
  if (slot == nullptr) return;
  // What a checkpoint may name stays as it is, until one says that it is removed.
  const bool is_in_file = slot->state != Slot::State::kMemory ||
                          slot->block->place_of(sequence)->offset < slot->written;
  if (!is_in_file || (slot->state == Slot::State::kMemory && is_packed(*slot)))
    return erase_in_memory(*slot, sequence);
  to_erase_.push_back(sequence);
  slot->moves |= slot->state == Slot::State::kWritten && is_packed(*slot);
}

// And in its file, by leaving it, if it is there.
void BlockList::erase_in_memory(Slot& slot, Sequence sequence) {
  slot.block->erase(sequence);
  if (slot.block->place_of(sequence)->offset < slot.written) leave_file(slot);
}

void BlockList::begin_checkpoint() {
  if (!to_erase_.empty()) drop_empty();
  for (const Sequence sequence : std::exchange(to_erase_, {})) {
    Slot* const slot = slot_with(sequence);
    if (slot == nullptr) continue;
    if (slot->state == Slot::State::kMemory &&
        (slot->block->place_of(sequence)->offset >= slot->written || is_packed(*slot))) {
      erase_in_memory(*slot, sequence);
    } else if (is_packed(*slot)) {
      slot->moves = true;
      to_erase_.push_back(sequence);
    } else {
      // In an open block's file a half-written record would hide those behind it: it gets its
      // index.
      slot->block->seal();
      erasable_.push_back(sequence);
    }
  }
}

Result<void> BlockList::erase_removed() {
  Result<void> first;
  for (const Sequence sequence : std::exchange(erasable_, {})) {
    auto erased = erase_in_file(sequence);
    if (erased) continue;
    to_erase_.push_back(sequence);  // with the next checkpoint
    if (first) first = std::move(erased);
  }
  return first;
}

Result<void> BlockList::erase_in_file(Sequence sequence) {
  const std::size_t place = place_of(sequence);
  if (place == size()) return {};
  Slot& slot = slots_[place];
  const auto where = slot.block->place_of(sequence);
  if (!where || slot.block->is_there(sequence)) return {};
  // It waits for the next checkpoint.
  if (slot.state != Slot::State::kWritten || is_packed(slot)) {
    to_erase_.push_back(sequence);
    return {};
  }
  TRY(need_records(place));
  const Block::Erased erased = slot.block->erase(sequence);
  ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file,
                   disk_->open(path_of(slot.block->name().number), io::OpenMode::kWrite));
  const io::Slice record{erased.record.data(), erased.record.size()};
  TRY(file->write_at(erased.offset, {&record, 1}));
  if (!erased.text_is_lost) return {};
  // Torn, they are wrong as a whole: then the records say it.
  const std::uint64_t begin = slot.block->texts_offset();
  ASSIGN_OR_RETURN(const std::uint64_t size, file->size());
  if (size < begin + kBlockTrailer) return {};
  const std::string texts =
      write_subject_texts(slot.block->subject_texts(), size - kBlockTrailer - begin);
  const io::Slice slice{texts.data(), texts.size()};
  return file->write_at(begin, {&slice, 1});
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

void BlockList::give_way() {
  if (folder_.empty() || slots_.empty()) return;
  if (Block& last = *slots_.back().block; !last.sealed() && last.length() >= kWorthSealing)
    last.seal();
  for (Slot& slot : slots_) {
    if (slot.block->sealed()) write_behind(slot);
    if (slot.state != Slot::State::kWritten) continue;
    if (slot.block->in_memory()) slot.block->drop_records();
    slot.file.reset();
  }
}

// ---- letting go

void BlockList::let_go(const Slot& slot) {
  if (slot.written > 0 || slot.state != Slot::State::kMemory)
    obsolete_.push_back(path_of(slot.block->name().number));
}

void BlockList::drop_empty() {
  if (!std::exchange(any_empty_, false)) return;
  std::erase_if(slots_, [this](const Slot& slot) {
    const bool is_empty = slot.block->sealed() && slot.block->live() == 0;
    if (is_empty) let_go(slot);
    return is_empty;
  });
  // An open block that lost all it had begins anew, or its records would stay for ever.
  if (slots_.size() == 1 && slots_[0].block->records() > 0 && slots_[0].block->live() == 0) clear();
  // An open one may be sealed yet.
  if (!slots_.empty() && slots_.back().block->live() == 0) any_empty_ = true;
}

void BlockList::clear() {
  for (const Slot& slot : slots_) let_go(slot);
  slots_.clear();
}

void BlockList::take_new_number(Slot& slot) {
  slot.file.reset();
  slot.block->renumber(next_number_++);
  slot.written = 0;
  slot.state = Slot::State::kMemory;
  slot.packed.reset();
  slot.moves = false;
}

void BlockList::leave_file(Slot& slot) {
  let_go(slot);
  take_new_number(slot);
}

Result<std::string> BlockList::subject_of(std::size_t i, Sequence sequence) {
  Slot& slot = slots_[i];
  const auto place = slot.block->place_of(sequence);
  if (!place) return failure("no message found", ErrorCode::kNotFound);
  if (slot.block->in_memory()) {
    const auto pieces = slot.block->pieces(place->offset, place->offset + place->length);
    ASSIGN_OR_RETURN(const Record record, read_record(pieces.at(0).bytes));
    if (record.erased) return failure("the message was erased", ErrorCode::kNotFound);
    return std::string(record.message.subject);
  }
  ASSIGN_OR_RETURN(io::File* const file, file_of(slot));
  ASSIGN_OR_RETURN(const StoredMessage message, read_message(*file, *place, sequence, buffer_));
  return std::string(message.subject);
}

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
