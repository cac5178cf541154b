// Backups of nats-server before 2.15: the files of its store, as a tar archive, the stream's own
// first (docs/formats/archive.md). Messages are put in as they come; what was removed is known when
// a later file says so.
#include <algorithm>
#include <charconv>
#include <map>

#include "codec/json_struct.h"
#include "jetstream/archive/old_block.h"
#include "jetstream/archive/old_index.h"
#include "jetstream/archive/restore_format.h"
#include "jetstream/archive/tar_reader.h"

namespace midge::jetstream {
namespace {

// Of files that are read as a whole.
constexpr std::uint64_t kFileMax = 64 << 20;
constexpr std::int64_t kRecordCost = 200, kEntryCost = 1000;

constexpr std::string_view kMessages = "msgs/", kConsumers = "obs/";

struct OldStreamMeta {
  WallTime created = codec::kNoTime;
  StreamConfig config;
};
template <class Visitor>
void describe(Visitor& v, OldStreamMeta& m) {
  v.field("Created", m.created);
  describe(v, m.config);
}
struct OldConsumerMeta {
  WallTime created = codec::kNoTime;
  ConsumerConfig config;
};
template <class Visitor>
void describe(Visitor& v, OldConsumerMeta& m) {
  v.field("Created", m.created);
  describe(v, m.config);
}

// What a file is, by its name.
struct OldFile {
  enum class Kind : std::uint8_t {
    kStream,
    kBlock,
    kBlockIndex,
    kIndex,
    kConsumer,
    kConsumerState,
    kFailure,  // why the backup is not whole
    kOther,    // of no use here: sums, what can be found out anew
  } kind = Kind::kOther;
  std::uint64_t block = 0;
  std::string_view consumer;
};

OldFile what_is(std::string_view name) {
  using enum OldFile::Kind;
  if (name == "meta.inf") return {kStream, 0, {}};
  if (name == "errors.txt") return {kFailure, 0, {}};
  if (name == "msgs/index.db") return {kIndex, 0, {}};
  if (name.starts_with(kMessages)) {
    const std::string_view file = name.substr(kMessages.size());
    std::uint64_t block = 0;
    const auto [end, status] = std::from_chars(file.data(), file.data() + file.size(), block);
    const std::string_view kind(end, static_cast<std::size_t>(file.data() + file.size() - end));
    if (status == std::errc() && kind == ".blk") return {kBlock, block, {}};
    if (status == std::errc() && kind == ".idx") return {kBlockIndex, block, {}};
  }
  if (name.starts_with(kConsumers)) {
    const std::string_view path = name.substr(kConsumers.size());
    const std::size_t slash = path.find('/');
    const std::string_view consumer = path.substr(0, slash);
    if (path.substr(consumer.size()) == "/meta.inf") return {kConsumer, 0, consumer};
    if (path.substr(consumer.size()) == "/o.dat") return {kConsumerState, 0, consumer};
  }
  return {};
}

// Whether a file of this name would lie in the backup's folder.
bool is_inside(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  while (true) {
    const std::size_t slash = name.find('/');
    if (name.substr(0, slash) == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

class TarFormat final : public RestoreFormat {
 public:
  explicit TarFormat(RestoreTarget& target) : target_(target) {}

  void feed(std::string_view plain) override { reader_.feed(plain); }
  ApiResult<Progress> step(std::int64_t& budget) override;
  ApiResult<void> finish() override;

 private:
  // False: more must be fed.
  ApiResult<bool> take(const TarEntry& entry, std::int64_t& budget);
  ApiResult<void> take_whole(const OldFile& file, std::string_view content);
  ApiResult<void> take_stream(std::string_view content);
  ApiResult<void> take_consumer(std::string_view name, std::string_view content);
  ApiResult<void> take_consumer_state(std::string_view name, std::string_view content);
  // What is there of a block; and of the index.
  ApiResult<void> take_records(std::uint64_t block, std::int64_t& budget);
  ApiResult<void> take_record(const OldRecord& record);
  ApiResult<void> take_index(std::int64_t& budget);
  void remove(std::uint64_t sequence);
  // It was given then.
  void saw(std::uint64_t sequence, std::int64_t time) {
    if (sequence <= last_) return;
    last_ = sequence;
    last_time_ = time;
  }
  [[nodiscard]] bool was_removed(std::uint64_t sequence) const {
    return std::ranges::binary_search(removed_, sequence);
  }

  RestoreTarget& target_;
  TarReader reader_;
  bool begun_ = false;
  std::uint64_t block_ = 0;  // the last one that came
  std::uint64_t last_ = 0;   // that was ever given
  std::int64_t last_time_ = 0;
  std::vector<std::uint64_t> removed_;  // said of a block that is still to come, ascending
  OldIndexReader index_;
  struct Half {
    ArchivedConsumer consumer;
    bool has_config = false;
  };
  std::map<std::string, Half, std::less<>> consumers_;
};

ApiResult<RestoreFormat::Progress> TarFormat::step(std::int64_t& budget) {
  while (!reader_.is_at_end()) {
    if (budget <= 0) return Progress::kMore;
    const auto entry = reader_.entry();
    if (!entry) return restore_failure(entry.error().text());
    if (*entry == nullptr) return reader_.is_at_end() ? Progress::kDone : Progress::kNeeds;
    auto taken = take(**entry, budget);
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return budget <= 0 ? Progress::kMore : Progress::kNeeds;
    reader_.next();
    budget -= kEntryCost;
  }
  return Progress::kDone;
}

ApiResult<bool> TarFormat::take(const TarEntry& entry, std::int64_t& budget) {
  if (!entry.is_file || !is_inside(entry.name))
    return restore_failure("unexpected content (account=" + target_.account_name() + ")");
  const OldFile file = what_is(entry.name);
  if (!begun_ && file.kind != OldFile::Kind::kStream)
    return restore_failure("expected meta.inf first");
  switch (file.kind) {
    case OldFile::Kind::kBlock:
      TRY(take_records(file.block, budget));
      break;
    case OldFile::Kind::kIndex:
      TRY(take_index(budget));
      break;
    case OldFile::Kind::kOther:
      reader_.use(reader_.content().size());
      break;
    default:
      if (entry.size > kFileMax) return restore_failure("error in " + entry.name + ": too large");
      if (reader_.content().size() < entry.size) return false;
      TRY(take_whole(file, reader_.content()));
      reader_.use(entry.size);
      budget -= static_cast<std::int64_t>(entry.size);
  }
  return reader_.left() == 0;
}

ApiResult<void> TarFormat::take_whole(const OldFile& file, std::string_view content) {
  if (file.kind == OldFile::Kind::kStream) return take_stream(content);
  if (file.kind == OldFile::Kind::kConsumer) return take_consumer(file.consumer, content);
  if (file.kind == OldFile::Kind::kConsumerState)
    return take_consumer_state(file.consumer, content);
  if (file.kind == OldFile::Kind::kFailure)
    return restore_failure("the backup is not whole: " + std::string(content.substr(0, 1000)));
  auto index = read_old_block_index(content);
  if (!index) return restore_failure(index.error().text());
  if (index->first > 0) target_.remove_before({index->first});
  saw(index->last, index->last_time);
  if (file.block > block_)
    removed_ = std::move(index->removed);
  else
    for (const std::uint64_t sequence : index->removed) remove(sequence);
  return {};
}

ApiResult<void> TarFormat::take_stream(std::string_view content) {
  OldStreamMeta meta;
  if (auto read = codec::read_json_struct(content, meta, false); !read)
    return restore_failure(read.error().text());
  if (meta.config.name != target_.config().name)
    return restore_failure("stream names do not match");
  if (begun_) return restore_failure("meta.inf is there twice");
  begun_ = true;
  if (meta.created != codec::kNoTime) target_.set_created(meta.created);
  return target_.begin({std::max<std::uint64_t>(1, target_.config().first_sequence)}, 0);
}

// ---- messages

ApiResult<void> TarFormat::take_records(std::uint64_t block, std::int64_t& budget) {
  if (block < block_) return restore_failure("blocks are out of order");
  block_ = block;
  std::string_view rest = reader_.content();
  while (budget > 0) {
    const std::size_t before = rest.size();
    const auto record = take_old_record(rest);
    if (!record) return restore_failure(record.error().text());
    if (!*record) break;
    TRY(take_record(**record));
    reader_.use(before - rest.size());
    budget -= static_cast<std::int64_t>(before - rest.size()) + kRecordCost;
  }
  // What is left is not a record, and no more comes.
  const bool is_all = reader_.content().size() == reader_.left();
  if (budget > 0 && is_all && !rest.empty()) return restore_failure("damaged record");
  if (reader_.left() == 0) removed_.clear();
  return {};
}

ApiResult<void> TarFormat::take_record(const OldRecord& record) {
  if (record.kind == OldRecord::Kind::kTombstone) remove(record.sequence);
  // Written again after it was accounted for, or erased.
  const bool is_new = record.sequence > last_;
  saw(record.sequence, record.time);
  if (record.kind != OldRecord::Kind::kMessage || !is_new || was_removed(record.sequence))
    return {};
  TRY(target_.check_message(record.sequence, record.header.size(), record.payload.size()));
  const WallTime time{record.time};
  return target_.add_message({record.sequence},
                             {record.subject, record.header, record.payload, time}, time);
}

ApiResult<void> TarFormat::take_index(std::int64_t& budget) {
  std::string_view rest = reader_.content();
  const std::size_t before = rest.size();
  const auto taken = index_.take(rest, budget, [&](std::uint64_t sequence) {
    remove(sequence);
    budget -= kRecordCost;
  });
  if (!taken) return restore_failure(taken.error().text());
  reader_.use(before - rest.size());
  if (index_.is_complete()) {
    if (index_.first() > 0) target_.remove_before({index_.first()});
    saw(index_.last(), index_.last_time());
  } else if (budget > 0 && reader_.content().size() == reader_.left()) {
    return restore_failure("damaged index.db");
  }
  return {};
}

void TarFormat::remove(std::uint64_t sequence) { target_.remove_message({sequence}); }

// ---- consumers

ApiResult<void> TarFormat::take_consumer(std::string_view name, std::string_view content) {
  OldConsumerMeta meta;
  if (auto read = codec::read_json_struct(content, meta, false); !read)
    return restore_failure("error restoring consumer [\"" + std::string(name) +
                           "\"]: " + read.error().text());
  Half& half = consumers_[std::string(name)];
  half.consumer.config = std::move(meta.config);
  half.consumer.created = meta.created;
  half.has_config = true;
  return {};
}

ApiResult<void> TarFormat::take_consumer_state(std::string_view name, std::string_view content) {
  auto progress = read_old_consumer(content);
  if (!progress)
    return restore_failure("error restoring consumer [\"" + std::string(name) +
                           "\"]: " + progress.error().text());
  consumers_[std::string(name)].consumer.progress = std::move(*progress);
  return {};
}

ApiResult<void> TarFormat::finish() {
  if (!reader_.may_end()) return restore_failure("unexpected EOF");
  if (!begun_) return restore_failure("EOF");
  for (auto& [name, half] : consumers_) {
    if (!half.has_config)
      return restore_failure("error restoring consumer [\"" + name + "\"]: it has no meta.inf");
    TRY(target_.add_consumer(std::move(half.consumer), name));
  }
  return target_.complete({last_}, WallTime{last_time_});
}

}  // namespace

std::unique_ptr<RestoreFormat> make_tar_format(RestoreTarget& target) {
  return std::make_unique<TarFormat>(target);
}

}  // namespace midge::jetstream
