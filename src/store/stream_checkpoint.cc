#include "store/stream_checkpoint.h"

#include <algorithm>
#include <map>

#include "store/block/block_file.h"
#include "store/fields.h"
#include "store/stream_parts.h"

namespace midge::store {
namespace {

constexpr std::uint32_t kSealed = 1;
// A block with more subjects than this is read as a whole for their texts.
constexpr std::size_t kSingleReadsMax = 16;

}  // namespace

// ---- writing

StoreSnapshot take_snapshot(StreamStore& store, std::string& section) {
  StreamStore::Parts& p = store.parts();
  p.lose_damaged();
  const WallTime first_time = store.first_time();
  p.blocks.begin_checkpoint();  // it may seal a block
  const StreamFigures& figures = p.figures;
  std::string body;
  for (const std::uint64_t number :
       {figures.first.value, figures.last.value, figures.messages, figures.bytes,
        static_cast<std::uint64_t>(first_time.ns), static_cast<std::uint64_t>(figures.last_time.ns),
        figures.lost_messages, figures.lost_bytes})
    add_field(body, number);
  add_part(section, PartKind::kFigures, body);

  body.clear();
  std::string removed;
  add_field(body, p.blocks.next_number());
  add_field(body, std::uint32_t{0});
  for (std::size_t i = 0; i < p.blocks.size(); ++i) {
    const Block& block = p.blocks.at(i);
    if (block.records() == 0) continue;
    add_field(body, block.name().number);
    add_field(body, block.sealed() ? kSealed : 0U);
    add_field(body, block.length());
    add_field(body, block.name().first.value);
    add_field(body, block.last().value);
    add_field(body, block.records());
    add_field(body, block.live());
    const std::string bitmap = block.removed().serialize();
    if (bitmap.empty()) continue;
    add_field(removed, block.name().number);
    add_field(removed, static_cast<std::uint32_t>(bitmap.size()));
    removed.append(bitmap);
  }
  add_part(section, PartKind::kBlocks, body);
  if (!removed.empty()) add_part(section, PartKind::kRemoved, removed);
  body.clear();
  for (const LostSequences::Range& range : p.lost.ranges()) {
    add_field(body, range.first.value);
    add_field(body, range.last.value);
  }
  if (!body.empty()) add_part(section, PartKind::kLost, body);
  body.clear();
  for (const Sequence sequence : p.blocks.to_erase()) add_field(body, sequence.value);
  if (!body.empty()) add_part(section, PartKind::kToErase, body);

  StoreSnapshot snapshot;
  snapshot.writes = p.blocks.take_writes();
  snapshot.obsolete = p.blocks.take_obsolete();
  snapshot.damaged = p.blocks.take_quarantined();
  p.blocks.hold(false);
  return snapshot;
}

void finish_snapshot(StreamStore& store, const BlockWrite& write, const Result<void>& result) {
  store.parts().blocks.on_written(write, result);
}

Result<void> checkpoint_is_durable(StreamStore& store) {
  return store.parts().blocks.erase_removed();
}

void hold_writes(StreamStore& store, bool on) { store.parts().blocks.hold(on); }

void prepare_last_snapshot(StreamStore& store) {
  store.parts().blocks.forget_jobs();
  store.parts().blocks.leave_packed_files();
}

std::uint64_t compact(StreamStore& store) { return store.parts().blocks.compact(); }

std::uint64_t check_next(StreamStore& store) { return store.parts().blocks.check_next(); }

bool is_writing(const StreamStore& store) {
  return const_cast<StreamStore&>(store).parts().blocks.is_busy();
}

std::vector<std::string> block_files(StreamStore& store) {
  BlockList& blocks = store.parts().blocks;
  std::vector<std::string> files;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    files.push_back(blocks.path_of(blocks.at(i).name().number));
  return files;
}

bool is_block_of(const std::string& path, StreamStore& store) {
  const StreamStore::Parts& p = store.parts();
  const auto file = p.blocks.disk().open(path, io::OpenMode::kRead);
  if (!file) return false;
  std::string head(kBlockHeader, '\0');
  const auto read = (*file)->read_at(0, head);
  // One that was just begun.
  if (read && *read == 0) return path.ends_with(".blk");
  const auto name = read_block_header(head);
  return name && name->stream == p.options.id && path == p.blocks.path_of(name->number);
}

// ---- reading

namespace {

// A block as the checkpoint has it.
struct BlockEntry {
  BlockName name;
  bool sealed = false;
  std::uint64_t length = 0;
  Sequence last;
  std::uint32_t records = 0, live = 0;
};

class Restoring {
 public:
  Restoring(StreamStore::Parts& parts, const RestoreEvents& events)
      : disk_(parts.blocks.disk()), p_(parts), events_(events) {}

  Result<void> run(const std::vector<SectionPart>& parts) {
    for (const SectionPart& part : parts) {
      FieldReader fields(part.body);
      if (part.kind == PartKind::kFigures) take_figures(fields);
      if (part.kind == PartKind::kBlocks) take_blocks(fields);
      if (part.kind == PartKind::kRemoved) TRY(take_removed(fields));
      if (part.kind == PartKind::kLost) take_lost(fields);
      while (part.kind == PartKind::kToErase && !fields.at_end())
        to_erase_.push_back({fields.number<std::uint64_t>()});
      if (fields.failed())
        return failure("a stream's part of the checkpoint is malformed", ErrorCode::kInvalid);
    }
    for (const BlockEntry& entry : entries_) {
      if (events_.may_go_on) TRY(events_.may_go_on());
      TRY(restore_block(entry));
    }
    for (const Sequence sequence : to_erase_) {
      const Block* const block = p_.blocks.containing(sequence);
      if (block != nullptr && !block->is_there(sequence)) p_.blocks.erase(sequence);
    }
    if (!is_damaged_) return {};
    count_what_is_there();
    p_.find_first();
    return {};
  }

 private:
  void take_figures(FieldReader& fields) {
    StreamFigures& f = p_.figures;
    f.first = {fields.number<std::uint64_t>()};
    f.last = {fields.number<std::uint64_t>()};
    f.messages = fields.number<std::uint64_t>();
    f.bytes = fields.number<std::uint64_t>();
    p_.take_first_time(WallTime{fields.number<std::int64_t>()});
    f.last_time = WallTime{fields.number<std::int64_t>()};
    f.lost_messages = fields.number<std::uint64_t>();
    f.lost_bytes = fields.number<std::uint64_t>();
  }

  void take_blocks(FieldReader& fields) {
    p_.blocks.numbers_from(fields.number<std::uint32_t>());
    (void)fields.number<std::uint32_t>();
    while (!fields.at_end()) {
      BlockEntry entry;
      entry.name.stream = p_.options.id;
      entry.name.number = fields.number<std::uint32_t>();
      entry.sealed = (fields.number<std::uint32_t>() & kSealed) != 0;
      entry.length = fields.number<std::uint64_t>();
      entry.name.first = {fields.number<std::uint64_t>()};
      entry.last = {fields.number<std::uint64_t>()};
      entry.records = fields.number<std::uint32_t>();
      entry.live = fields.number<std::uint32_t>();
      entries_.push_back(entry);
    }
  }

  Result<void> take_removed(FieldReader& fields) {
    while (!fields.at_end()) {
      const auto number = fields.number<std::uint32_t>();
      const auto size = fields.number<std::uint32_t>();
      ASSIGN_OR_RETURN(removed_[number], RemovedSet::parse(fields.text(size)));
    }
    return {};
  }

  void take_lost(FieldReader& fields) {
    while (!fields.at_end()) {
      const Sequence first{fields.number<std::uint64_t>()};
      p_.lost.add(first, {fields.number<std::uint64_t>()});
    }
  }

  Result<void> restore_block(const BlockEntry& entry) {
    const std::string path = p_.blocks.path_of(entry.name.number);
    if (entry.sealed) {
      auto file = disk_.open(path, io::OpenMode::kRead);
      if (file) {
        texts_ = {};
        auto block = open_block(**file, entry.name, &texts_);
        if (!block && block.error().code() == ErrorCode::kInvalid)
          return std::unexpected(block.error().within(path));
        if (block && (*block)->records() == entry.records && (*block)->last() == entry.last) {
          return add(entry, std::move(*block), BlockList::InFile::kAll);
        }
      }
    }
    texts_ = {};
    return read_whole(entry, path);
  }

  // An open block; or one whose index is not as it should be.
  Result<void> read_whole(const BlockEntry& entry, const std::string& path) {
    std::string bytes;
    if (disk_.exists(path)) {
      ASSIGN_OR_RETURN(bytes, disk_.read_file(path));
    }
    // Without its index, or what was written later, which the journal has.
    const std::string_view records = std::string_view(bytes).substr(0, entry.length);
    RebuiltBlock rebuilt = rebuild_block(records, entry.name, p_.blocks.salt());
    if (records.size() == entry.length && !rebuilt.header_damaged && rebuilt.unread == 0 &&
        rebuilt.block->records() == entry.records) {
      if (entry.sealed) rebuilt.block->seal();
      return add(entry, std::move(rebuilt.block), BlockList::InFile::kRecords);
    }
    is_damaged_ = true;
    if (entry.sealed) rebuilt = rebuild_block(bytes, entry.name, p_.blocks.salt());
    note_lost(entry, rebuilt);
    std::string why = "it is not there, or empty";
    if (!bytes.empty())
      why = "of " + std::to_string(entry.records) + " messages " +
            std::to_string(rebuilt.block->records() - rebuilt.lost.size()) + " are whole";
    if (!rebuilt.why.empty()) why += ": " + rebuilt.why;
    if (events_.on_damaged) events_.on_damaged(path, why);
    if (rebuilt.block->records() == 0) return {};
    // Under a number of its own: the file stays as it is as long as a checkpoint names it.
    if (!rebuilt.block->sealed()) rebuilt.block->seal();
    rebuilt.block->renumber(p_.blocks.take_number());
    return add(entry, std::move(rebuilt.block), BlockList::InFile::kNothing);
  }

  // Without its index nobody knows which sequences a block had, unless it had all.
  void note_lost(const BlockEntry& entry, const RebuiltBlock& rebuilt) {
    const auto removed = removed_.find(entry.name.number);
    const bool had_all = entry.last - entry.name.first + 1 == entry.records;
    const auto note = [&](Sequence sequence) {
      const std::uint64_t relative = sequence - entry.name.first;
      if (removed == removed_.end() ||
          !removed->second.contains(static_cast<std::uint32_t>(relative)))
        p_.lost.add(sequence);
    };
    for (const Sequence sequence : rebuilt.lost) note(sequence);
    if (!rebuilt.lost.empty() || !had_all) return;
    for (Sequence at = entry.name.first; at <= entry.last; ++at)
      if (!rebuilt.block->place_of(at)) note(at);
  }

  Result<void> add(const BlockEntry& entry, std::unique_ptr<Block> block,
                   BlockList::InFile in_file) {
    if (const auto removed = removed_.find(entry.name.number); removed != removed_.end())
      block->set_removed(removed->second);
    p_.blocks.restore(std::move(block), in_file);
    return take_subjects(p_.blocks.size() - 1);
  }

  Result<void> take_subjects(std::size_t i) {
    Block& block = p_.blocks.at(i);
    if (block.live() == 0) return {};
    std::vector<Block::SubjectUse> uses = block.subject_uses();
    const bool is_told = texts_.size() == uses.size();
    if (!is_told && !block.in_memory() && uses.size() > kSingleReadsMax) TRY(read_records(i));
    std::vector<std::string> texts(uses.size());
    for (std::size_t subject = 0; subject < uses.size(); ++subject) {
      if (uses[subject].count == 0) continue;
      if (is_told && !texts_[static_cast<std::uint32_t>(subject)].empty()) {
        texts[subject] = texts_[static_cast<std::uint32_t>(subject)];
        continue;
      }
      const auto text = p_.blocks.subject_of(i, uses[subject].first);
      if (text) {
        texts[subject] = *text;
        continue;
      }
      // Damaged: then each record is checked.
      if (checked_block_ == block.name().number) {
        lose_subject(block, subject);
        return take_subjects(i);
      }
      checked_block_ = block.name().number;
      TRY(read_records(i));
      return take_subjects(i);
    }
    for (std::size_t subject = 0; subject < uses.size(); ++subject) {
      const Block::SubjectUse& use = uses[subject];
      if (use.count == 0) continue;
      SubjectState& state = p_.subjects.insert(texts[subject]);
      if (state.count == 0) state.first = use.first;
      state.last = use.last;
      state.count += use.count;
    }
    return {};
  }

  Result<void> read_records(std::size_t i) {
    TRY(p_.blocks.need_records(i));
    for (const BlockList::LostMessage& message : p_.blocks.take_lost()) {
      p_.lost.add(message.sequence);
      is_damaged_ = true;
    }
    for (const BlockList::Damage& damage : p_.blocks.take_damages())
      if (events_.on_lost) events_.on_lost(damage.path, damage.lost);
    return {};
  }

  // The first of this subject cannot be read.
  void lose_subject(Block& block, std::size_t subject) {
    const std::vector<Block::SubjectUse> uses = block.subject_uses();
    is_damaged_ = true;
    block.lose(uses[subject].first);
  }

  void count_what_is_there() {
    StreamFigures& f = p_.figures;
    const std::uint64_t messages = f.messages, bytes = f.bytes;
    f.messages = f.bytes = 0;
    for (std::size_t i = 0; i < p_.blocks.size(); ++i) {
      Block& block = p_.blocks.at(i);
      f.messages += block.live();
      for (auto at = block.next_there({0}); at; at = block.next_there(*at + 1))
        f.bytes += p_.counted(*block.size_of(*at));
    }
    f.lost_messages += messages - std::min(messages, f.messages);
    f.lost_bytes += bytes - std::min(bytes, f.bytes);
  }

  io::Disk& disk_;
  StreamStore::Parts& p_;
  const RestoreEvents& events_;
  std::vector<BlockEntry> entries_;
  std::map<std::uint32_t, RemovedSet> removed_;
  std::vector<Sequence> to_erase_;
  SubjectTexts texts_;  // of the block that is restored
  bool is_damaged_ = false;
  std::uint32_t checked_block_ = 0;
};

}  // namespace

Result<void> restore(const std::vector<SectionPart>& parts, StreamStore& store,
                     const RestoreEvents& events) {
  return Restoring(store.parts(), events).run(parts);
}

}  // namespace midge::store
