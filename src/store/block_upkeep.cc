// Blocks in the background: what is damaged, what is not worth its place.
#include <algorithm>
#include <utility>

#include "store/block/block_file.h"
#include "store/block_list.h"

namespace midge::store {

// ---- damage

// Its records are in memory, as they were found.
void BlockList::take_damage(Slot& slot, const std::vector<Sequence>& damaged,
                            const std::string& why) {
  Block& block = *slot.block;
  SubjectTexts texts;
  if (slot.file != nullptr)
    if (auto read = read_subject_texts(*slot.file, block)) texts = std::move(*read);
  Damage damage{path_of(block.name().number), why};
  for (const Sequence sequence : damaged) {
    if (const auto size = block.size_of(sequence)) {
      const std::uint32_t subject = *block.subject_of(sequence);
      lost_.push_back({sequence, *size,
                       std::string(subject < texts.size() ? texts[subject] : std::string_view())});
      ++damage.lost;
    }
    block.lose(sequence);
    block.blank(sequence);
  }
  if (block.live() == 0) note_empty();
  // Only records that were removed: a power failure may have torn what was being erased.
  if (!damaged.empty() && damage.lost == 0) {
    obsolete_.push_back(damage.path);
  } else {
    quarantined_.emplace_back(damage.path, damage.why);
    damages_.push_back(std::move(damage));
  }
  move_to_new_file(slot);
}

void BlockList::move_to_new_file(Slot& slot) {
  take_new_number(slot);
  write_behind(slot);
}

// ---- checking

class BlockList::CheckJob final : public io::Job {
 public:
  CheckJob(io::Disk& disk, const BlockName& name, std::string path, std::shared_ptr<Owner> owner)
      : name(name), disk_(disk), path_(std::move(path)), owner_(std::move(owner)) {}

  void run() override {
    const auto file = disk_.open(path_, io::OpenMode::kRead);
    if (file) {
      fault = find_block_fault(**file, name);
    } else if (file.error().code() == ErrorCode::kNotFound) {
      fault = BlockFault{"the file is not there"};
    } else {
      fault = std::unexpected(file.error());
    }
  }
  void done() override {
    if (owner_->list != nullptr) owner_->list->on_checked(*this);
  }

  const BlockName name;
  Result<BlockFault> fault = BlockFault{};

 private:
  io::Disk& disk_;
  const std::string path_;
  const std::shared_ptr<Owner> owner_;
};

std::uint64_t BlockList::check_next() {
  if (held_ || blocking_ || folder_.empty()) return 0;
  // The one with the lowest number behind the last; else the lowest of all.
  Slot* next = nullptr;
  const auto is_better = [this](std::uint32_t number, std::uint32_t than) {
    const bool behind = number > checked_, than_behind = than > checked_;
    return behind != than_behind ? behind : number < than;
  };
  for (Slot& slot : slots_)
    if (slot.state == Slot::State::kWritten &&
        (next == nullptr || is_better(slot.block->name().number, next->block->name().number)))
      next = &slot;
  if (next == nullptr) return 0;
  const BlockName name = next->block->name();
  checked_ = name.number;
  ++jobs_;
  env_.disk_pool().submit(loop_,
                          std::make_unique<CheckJob>(*disk_, name, path_of(name.number), owner_));
  return next->block->length();
}

void BlockList::on_checked(const CheckJob& job) {
  --jobs_;
  Slot* const slot = find_slot(job.name.number);
  // The disk may give it another time.
  if (!job.fault || job.fault->what.empty() || slot == nullptr ||
      slot->state != Slot::State::kWritten)
    return;
  const auto place = static_cast<std::size_t>(
      std::ranges::find(slots_, slot, [](const Slot& one) { return &one; }) - slots_.begin());
  if (!need_records(place)) return;
  if (slot->block->name().number == job.name.number) {
    // The records are whole, or were in memory.
    if (job.fault->may_be_torn) {
      obsolete_.push_back(path_of(job.name.number));
      move_to_new_file(*slot);
    } else {
      take_damage(*slot, {}, job.fault->what);
    }
  }
  if (found_) found_();
}

// ---- compaction

namespace {

// The live records of some blocks.
struct LiveRecord {
  Sequence sequence;
  Block::Place place;
};

}  // namespace

class BlockList::CompactJob final : public io::Job {
 public:
  struct Source {
    std::uint32_t number;
    std::string path;
    std::vector<LiveRecord> records;
  };
  CompactJob(PackedDisk& disk, std::string folder, std::unique_ptr<Block> block, std::string path,
             std::vector<Source> sources, std::shared_ptr<Owner> owner)
      : block(std::move(block)),
        path(std::move(path)),
        sources(std::move(sources)),
        packs(disk.packs()),
        disk_(disk),
        folder_(std::move(folder)),
        owner_(std::move(owner)) {}

  void run() override { result = write(); }
  void done() override {
    if (owner_->list != nullptr) owner_->list->on_compacted(*this);
  }

  std::unique_ptr<Block> block;
  const std::string path;
  const std::vector<Source> sources;
  const bool packs;
  Result<void> result;

 private:
  Result<void> write() {
    std::string buffer;
    for (const Source& source : sources) {
      ASSIGN_OR_RETURN(const auto file, disk_.open(source.path, io::OpenMode::kRead));
      for (const LiveRecord& record : source.records) {
        ASSIGN_OR_RETURN(const StoredMessage message,
                         read_message(*file, record.place, record.sequence, buffer));
        block->append(record.sequence,
                      {message.subject, message.header, message.payload, message.time});
      }
    }
    block->seal();
    BlockWrite write;
    write.disk = &disk_;
    write.folder = folder_;
    write.path = path;
    write.to = block->length();
    write.pieces = block->pieces(0, write.to);
    write.end = block->make_end();
    TRY(write.run());
    block->drop_records();
    return {};
  }

  PackedDisk& disk_;
  const std::string folder_;
  const std::shared_ptr<Owner> owner_;
};

// Less than half of it is there, or it is so small that it may share a file.
bool BlockList::is_sparse(const Slot& slot) const {
  const Block& block = *slot.block;
  const bool is_settled = folder_.empty() ? block.sealed() : slot.state == Slot::State::kWritten;
  return is_settled && block.live() > 0 &&
         (block.live_bytes() * 2 < block.length() || block.live_bytes() < block_size_ / 4);
}

// How many from there on go into one file; 0: it is not worth it.
std::size_t BlockList::sparse_run(std::size_t begin) const {
  std::uint64_t bytes = 0;
  std::size_t end = begin;
  for (; end < slots_.size() && is_sparse(slots_[end]); ++end) {
    bytes += slots_[end].block->live_bytes();
    if (bytes > block_size_ ||
        slots_[end].block->last() - slots_[begin].block->name().first > 0xffff'ffffU)
      break;
  }
  const std::size_t count = end - begin;
  if (count > 1) return count;
  const Slot& slot = slots_[begin];
  const bool moves = slot.moves && slot.state == Slot::State::kWritten && slot.block->live() > 0;
  const bool is_worth_it = count == 1 && slot.block->live_bytes() * 2 < slot.block->length();
  return moves || is_worth_it ? 1 : 0;
}

std::uint64_t BlockList::compact() {
  if (folder_.empty()) return compact_in_memory();
  if (held_ || blocking_ || jobs_ > 0) return 0;
  std::size_t begin = 0, count = 0;
  while (begin < slots_.size() && (count = sparse_run(begin)) == 0) ++begin;
  if (count == 0) return 0;
  auto job = make_compaction(begin, count);
  std::uint64_t bytes = 0;
  for (std::size_t i = begin; i < begin + count; ++i) bytes += at(i).live_bytes();
  ++jobs_;
  env_.disk_pool().submit(loop_, std::move(job));
  return bytes;
}

std::unique_ptr<BlockList::CompactJob> BlockList::make_compaction(std::size_t begin,
                                                                  std::size_t count) {
  std::vector<CompactJob::Source> sources;
  for (std::size_t i = begin; i < begin + count; ++i) {
    const Block& block = at(i);
    CompactJob::Source& source =
        sources.emplace_back(block.name().number, path_of(block.name().number));
    for (auto next = block.next_there({0}); next; next = block.next_there(*next + 1))
      source.records.push_back({*next, *block.place_of(*next)});
  }
  const BlockName name{stream_, next_number_++, at(begin).name().first};
  return std::make_unique<CompactJob>(*disk_, folder_,
                                      std::make_unique<Block>(name, env_.entropy().hash_salt()),
                                      path_of(name.number), std::move(sources), owner_);
}

void BlockList::leave_packed_files() {
  if (to_erase_.empty()) return;
  drop_empty();
  const bool held = std::exchange(held_, true);
  for (const Sequence sequence : std::vector<Sequence>(to_erase_)) {
    Slot* const slot = slot_with(sequence);
    if (slot == nullptr || slot->state != Slot::State::kWritten || !is_packed(*slot)) continue;
    const auto job = make_compaction(place_of(sequence), 1);
    job->run();
    ++jobs_;
    on_compacted(*job);
  }
  held_ = held;
}

void BlockList::on_compacted(CompactJob& job) {
  --jobs_;
  const auto is_source = [&](const Slot& slot) {
    return std::ranges::find(job.sources, slot.block->name().number, &CompactJob::Source::number) !=
           job.sources.end();
  };
  const auto first = std::ranges::find_if(slots_, is_source);
  const bool is_settled = std::ranges::all_of(slots_, [&](const Slot& slot) {
    return !is_source(slot) || slot.state == Slot::State::kWritten;
  });
  if (!job.result || first == slots_.end() || !is_settled || !follow_removals(job)) {
    obsolete_.push_back(job.path);
    // If a record is damaged, the check tells more.
    if (!job.result && first != slots_.end()) {
      checked_ = first->block->name().number - 1;
      check_next();
    }
    return;
  }
  for (Slot& slot : slots_)
    if (is_source(slot)) let_go(slot);
  Slot slot;
  slot.packed = job.packs;
  slot.written = job.block->length();
  slot.state = Slot::State::kWritten;
  slot.block = std::move(job.block);
  *first = std::move(slot);
  if (first->block->live() == 0) note_empty();
  std::erase_if(slots_, is_source);
}

// What was removed meanwhile is so in the new block. False: a source has gone to another file.
bool BlockList::follow_removals(CompactJob& job) {
  Block& block = *job.block;
  for (auto next = block.next_there({0}); next; next = block.next_there(*next + 1)) {
    const Block* const from = containing(*next);
    const bool is_there = from != nullptr && from->is_there(*next);
    if (!is_there)
      block.remove(*next);
    else if (std::ranges::find(job.sources, from->name().number, &CompactJob::Source::number) ==
             job.sources.end())
      return false;
  }
  return true;
}

// One block at a time: it takes a millisecond.
std::uint64_t BlockList::compact_in_memory() {
  for (Slot& slot : slots_) {
    const Block& from = *slot.block;
    if (!is_sparse(slot) || from.live_bytes() * 2 >= from.length()) continue;
    auto block = std::make_unique<Block>(from.name(), env_.entropy().hash_salt());
    for (auto next = from.next_there({0}); next; next = from.next_there(*next + 1)) {
      const StoredMessage message = *from.load(*next);
      block->append(*next, {message.subject, message.header, message.payload, message.time});
    }
    block->seal();
    const std::uint64_t bytes = from.live_bytes();
    slot.block = std::move(block);
    return bytes;
  }
  return 0;
}

}  // namespace midge::store
