#include "jetstream/jetstream.h"

#include "broker/worker.h"
#include "jetstream/api/api.h"
#include "jetstream/checkpointing.h"
#include "jetstream/disk_watch.h"
#include "jetstream/heritage.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"
#include "store/fields.h"
#include "store/journal/segment_files.h"
#include "store/stream_checkpoint.h"

namespace midge::jetstream {
namespace {

constexpr Duration kRetryAfter = seconds(5);

}  // namespace

Result<std::unique_ptr<JetStream>> JetStream::create(io::Env& env, Log& log, broker::Broker& broker,
                                                     Settings settings) {
  std::unique_ptr<JetStream> made(new JetStream(env, log, broker, std::move(settings)));
  for (const auto& worker : broker.workers()) {
    made->shards_.push_back(std::make_unique<Shard>(*made, *worker));
    worker->add_service(*made->shards_.back());
  }
  for (const AccountSettings& account : made->settings_.accounts) made->add_account(account);
  made->limit(made->settings_.limits);
  TRY(made->open_store());
  made->disk_watch_ = std::make_unique<DiskWatch>(*made);
  made->api_ = std::make_unique<Api>(*made);
  broker.workers()[0]->add_service(*made->api_);
  return made;
}

JetStream::JetStream(io::Env& env, Log& log, broker::Broker& broker, Settings settings)
    : env_(env), log_(log), broker_(broker), settings_(std::move(settings)) {}

JetStream::~JetStream() = default;

// ---- the start

Result<void> JetStream::open_store() {
  ASSIGN_OR_RETURN(folder_,
                   store::StoreFolder::open(env_.disk(), settings_.store_dir, settings_.domain));
  TRY(folder_->open_keys(settings_.keys, env_.entropy(), env_.clock().wall()));
  if (folder_->keys() != nullptr && !folder_->keys()->news().empty())
    log_.info("JetStream: " + folder_->keys()->news());
  TRY(begin_recovery());
  if (recovery_->work() > settings_.read_at_once) {
    log_.info("JetStream: what is in the store is read while the server runs");
    return {};
  }
  const Result<void> read = recover();
  if (read) {
    hand_over();
    return {};
  }
  // Others may have no need of it.
  if (read.error().code() != ErrorCode::kTooLarge) return read;
  has_failed_with(read.error());
  return {};
}

Result<void> JetStream::begin_recovery() {
  const auto home = [this](store::StreamId id) -> io::Loop& {
    return shards_[loop_of(id)]->worker().loop();
  };
  recovery_ = std::make_unique<Recovery>(env_, home, log_, broker_.memory());
  journals_.clear();
  journal_ids_.clear();
  return recovery_->begin(*folder_);
}

class JetStream::RecoverJob final : public io::Job {
 public:
  explicit RecoverJob(JetStream& jetstream) : jetstream_(jetstream) {}
  void run() override {
    result_ = jetstream_.recovery_ ? Result<void>() : jetstream_.begin_recovery();
    if (result_) result_ = jetstream_.recover();
  }
  void done() override { jetstream_.on_recovered(result_); }

 private:
  JetStream& jetstream_;
  Result<void> result_;
};

void JetStream::on_loops_started() {
  if (has_failed())
    arm_retry();
  else if (!is_ready())
    read_beside_loops();
}

void JetStream::arm_retry() { shards_[0]->timers().arm(retry_, shards_[0]->now() + kRetryAfter); }

void JetStream::read_beside_loops() {
  // It takes what others need to find that out once more.
  const broker::MemoryBudget& memory = broker_.memory();
  if (memory.is_limited() && memory.limit() <= too_small_limit_) return arm_retry();
  env_.disk_pool().submit(shards_[0]->worker().loop(), std::make_unique<RecoverJob>(*this));
}

void JetStream::on_recovered(const Result<void>& result) {
  if (result) return hand_over();
  has_failed_with(result.error());
  arm_retry();
  api_->on_ready();
}

void JetStream::has_failed_with(const Error& error) {
  log_.error("JetStream can not be started, and is tried again: " + error.text());
  state_ = State::kFailed;
  recovery_.reset();
  too_small_limit_ = error.code() == ErrorCode::kTooLarge ? broker_.memory().limit() : 0;
}

void JetStream::on_inherited() {
  if (--heirs_left_ > 0) return;
  if (api_ == nullptr) {
    state_ = State::kReady;
    return;
  }
  api_->on_home([this](Shard&) {
    state_ = State::kReady;
    log_.info("JetStream: all that is in the store was read");
    api_->on_ready();
  });
}

Result<void> JetStream::recover() {
  TRY(recovery_->read(stopping_));
  folder_->journal_ids_from(recovery_->next_journal_id());
  TRY(make_journals());
  TRY(write_first_checkpoint());
  recovery_->clean_up();
  return {};
}

Result<void> JetStream::make_journals() {
  // What they held may have been written before there was a key.
  if (folder_->keys() != nullptr)
    TRY(store::remove_free_segments(env_.disk(), folder_->free_folder()));
  for (const auto& shard : shards_) {
    store::JournalOptions options;
    options.id = folder_->next_journal_id();
    options.folder = folder_->journal_folder(options.id);
    options.free_folder = folder_->free_folder();
    options.sync_before_durable = settings_.sync_interval.ns == 0;
    options.sync_interval = settings_.sync_interval;
    options.keys = folder_->keys();
    journal_ids_.push_back(options.id);
    ASSIGN_OR_RETURN(journals_.emplace_back(),
                     store::Journal::create(env_, shard->worker().loop(), std::move(options),
                                            shard->journal_events()));
  }
  return {};
}

Result<void> JetStream::write_first_checkpoint() {
  std::vector<store::CheckpointPart> parts(shards_.size());
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    parts[i].journals = {{journal_ids_[i], {}}};
    parts[i].next_stream = recovery_->next_stream_id();
  }
  for (auto& [id, stream] : recovery_->streams()) {
    std::string section;
    store::add_field(section, id);
    add_stream_parts(section, stream);
    const store::StoreSnapshot snapshot = store::take_snapshot(*stream.store, section);
    for (const store::BlockWrite& write : snapshot.writes) {
      const Result<void> written = write.run();
      store::finish_snapshot(*stream.store, write, written);
      TRY(written);
    }
    recovery_->add_damaged(snapshot.damaged);
    parts[loop_of({id})].sections.push_back(std::move(section));
  }
  checkpoint_ = std::make_shared<store::CheckpointFile>(folder_->data_disk(), folder_->path(),
                                                        recovery_->generation());
  TRY(checkpoint_->begin(folder_->peek_journal_id(), std::move(parts)));
  for (auto& [id, stream] : recovery_->streams()) TRY(store::checkpoint_is_durable(*stream.store));
  return {};
}

// ---- the end

void JetStream::close() {
  if (!is_ready() || checkpoint_ == nullptr) return;
  std::vector<store::CheckpointPart> parts;
  for (const auto& shard : shards_) {
    if (!shard->has_run()) return;
    auto part = shard->take_last_checkpoint();
    if (!part)
      return log_.warn("JetStream: the last checkpoint was not written: " + part.error().text());
    parts.push_back(std::move(*part));
  }
  auto written =
      std::exchange(checkpoint_, nullptr)->finish(folder_->peek_journal_id(), std::move(parts));
  if (!written)
    return log_.warn("JetStream: the last checkpoint was not written: " + written.error().text());
  for (const auto& shard : shards_) shard->end_after_checkpoint();
}

// ---- accounts and streams

AccountEntry* JetStream::account_of(const RecoveredStream& stream) {
  return directory_.find_account(broker_.accounts().add(stream.record.account));
}

void JetStream::hand_over() {
  directory_.ids_from(recovery_->next_stream_id());
  add_owners(*recovery_);
  std::vector<std::shared_ptr<Heritage>> heritages;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto& heritage = heritages.emplace_back(std::make_shared<Heritage>());
    heritage->journal = std::move(journals_[i]);
    heritage->checkpointing =
        std::make_unique<Checkpointing>(*shards_[i], checkpoint_, i, journal_ids_[i],
                                        recovery_->next_stream_id(), settings_.checkpoint_every);
  }
  for (auto& [id, recovered] : recovery_->streams()) {
    const StreamRecord& record = recovered.record;
    AccountEntry* entry = account_of(recovered);
    if (!entry->enabled)
      log_.warn("JetStream: stream \"" + record.config.name + "\" belongs to account \"" +
                record.account + "\", which has no JetStream now; it is kept");
    const LoopId loop{static_cast<std::uint8_t>(loop_of({id}))};
    const WallTime created{record.created};
    const std::string offline = offline_reason(recovered);
    if (!offline.empty())
      log_.warn("JetStream: stream \"" + record.config.name + "\" of account \"" + record.account +
                "\" is offline, and kept as it is: " + offline);
    entry->streams[record.config.name] = {{id}, loop, record.config, created, offline};
    heritages[loop.value]->streams.push_back(
        {Stream::Identity{{id}, entry->id, record.account, created, entry->usage},
         std::move(recovered), !entry->enabled});
  }
  counters_.damaged_files += recovery_->damage().files;
  counters_.lost_record_bytes += recovery_->damage().record_bytes;
  recovery_.reset();
  journals_.clear();
  heirs_left_ = shards_.size();
  const auto inherit = [this](Shard& shard, Heritage& heritage) {
    shard.inherit(std::move(heritage));
    on_inherited();
  };
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (api_ == nullptr)
      inherit(*shards_[i], *heritages[i]);
    else
      api_->on_loop(
          {static_cast<std::uint8_t>(i)},
          [inherit, heritage = heritages[i]](Shard& shard) { inherit(shard, *heritage); });
}

AccountEntry& JetStream::add_account(const AccountSettings& account) {
  AccountEntry& entry =
      directory_.add_account(broker_.accounts().add(account.name), account.name, account.limits);
  entry.title = account.title;
  return entry;
}

void JetStream::add_owners(Recovery& recovery) {
  for (auto& [id, stream] : recovery.streams()) {
    if (account_of(stream) != nullptr) continue;
    std::optional<AccountSettings> owner;
    if (settings_.look_up) owner = settings_.look_up(stream.record.account);
    if (owner) settings_.accounts.push_back(*owner);
    AccountEntry& entry =
        add_account(owner ? *owner : AccountSettings{stream.record.account, {}, {}});
    entry.enabled = owner.has_value();
  }
}

void JetStream::limit(const ServerLimits& limits) {
  limits_.store(std::make_shared<const ServerLimits>(limits));
  counters_.max_memory = limits.max_memory;
  counters_.max_store = limits.max_store;
  directory_.limit(limits);
}

std::optional<ApiError> JetStream::memory_refusal(Storage storage) const {
  if (!broker_.memory().is_full()) [[likely]]
    return std::nullopt;
  return api_error(storage == Storage::kMemory ? ApiErrorCode::kMemoryResourcesExceeded
                                               : ApiErrorCode::kInsufficientResources);
}

LoopId JetStream::pick_loop() { return {static_cast<std::uint8_t>(next_loop_++ % shards_.size())}; }

}  // namespace midge::jetstream
