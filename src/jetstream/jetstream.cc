#include "jetstream/jetstream.h"

#include "broker/worker.h"
#include "jetstream/api/api.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"

namespace midge::jetstream {

Result<std::unique_ptr<JetStream>> JetStream::create(io::Env& env, Log& log, broker::Broker& broker,
                                                     Settings settings) {
  std::unique_ptr<JetStream> made(new JetStream(env, log, broker, std::move(settings)));
  for (const auto& worker : broker.workers()) {
    made->shards_.push_back(std::make_unique<Shard>(*made, *worker));
    worker->add_service(*made->shards_.back());
  }
  for (const AccountSettings& account : made->settings_.accounts)
    made->directory_.add_account(broker.accounts().add(account.name), account.name, account.limits);
  made->limit(made->settings_.limits);
  TRY(made->open_store());
  made->api_ = std::make_unique<Api>(*made);
  broker.workers()[0]->add_service(*made->api_);
  return made;
}

JetStream::JetStream(io::Env& env, Log& log, broker::Broker& broker, Settings settings)
    : env_(env), log_(log), broker_(broker), settings_(std::move(settings)) {}

JetStream::~JetStream() = default;

Result<void> JetStream::open_store() {
  ASSIGN_OR_RETURN(folder_,
                   store::StoreFolder::open(env_.disk(), settings_.store_dir, settings_.domain));
  Recovery recovery(
      env_,
      [this](store::StreamId id) -> io::Loop& {
        return shards_[id.value % shards_.size()]->worker().loop();
      },
      log_);
  TRY(recovery.read(*folder_));
  for (const auto& shard : shards_) {
    store::JournalOptions options;
    options.id = folder_->next_journal_id();
    options.folder = folder_->journal_folder(options.id);
    options.free_folder = folder_->free_folder();
    options.sync_before_durable = settings_.sync_interval.ns == 0;
    options.sync_interval = settings_.sync_interval;
    ASSIGN_OR_RETURN(auto journal,
                     store::Journal::create(env_, shard->worker().loop(), std::move(options),
                                            shard->journal_events()));
    shard->set_journal(std::move(journal));
  }
  return adopt_streams(recovery);
}

Result<void> JetStream::adopt_streams(Recovery& recovery) {
  directory_.ids_from(recovery.next_stream_id());
  for (auto& [id, recovered] : recovery.streams()) {
    StreamRecord& record = recovered.record;
    const AccountId account = broker_.accounts().add(record.account);
    AccountEntry* entry = directory_.find_account(account);
    if (entry == nullptr) {
      log_.warn("JetStream: stream \"" + record.config.name + "\" belongs to account \"" +
                record.account + "\", which has no JetStream now; it is kept");
      continue;
    }
    const LoopId loop{static_cast<std::uint8_t>(id % shards_.size())};
    const WallTime created{record.created};
    entry->streams[record.config.name] = {{id}, loop, record.config, created};
    Shard& shard = *shards_[loop.value];
    auto stream = std::make_unique<Stream>(
        shard, Stream::Identity{{id}, account, record.account, created, entry->usage},
        record.config, std::move(recovered.store));
    for (auto& [consumer_id, consumer] : recovered.consumers) {
      stream->add_consumer({consumer_id}, consumer.record.config,
                           WallTime{consumer.record.created});
      stream->keep_progress({consumer_id}, std::move(consumer.progress));
    }
    shard.adopt(std::move(stream));
  }
  return {};
}

void JetStream::limit(const ServerLimits& limits) {
  limits_.store(std::make_shared<const ServerLimits>(limits));
  counters_.max_memory = limits.max_memory;
  counters_.max_store = limits.max_store;
  directory_.limit(limits);
}

void JetStream::reconfigure(const Settings& settings) {
  limit(settings.limits);
  for (const AccountSettings& account : settings.accounts) {
    const AccountId id = broker_.accounts().add(account.name);
    AccountEntry* entry = directory_.find_account(id);
    if (entry == nullptr) {
      api_->enable(id, account.name, account.limits);
      continue;
    }
    entry->limits = account.limits;
    entry->usage->limit(account.limits);
  }
  for (const std::string& name : settings.accounts_without)
    if (directory_.find_account(broker_.accounts().add(name)) != nullptr)
      log_.warn("JetStream: account \"" + name + "\" loses it when the server is started again");
}

LoopId JetStream::pick_loop() { return {static_cast<std::uint8_t>(next_loop_++ % shards_.size())}; }

}  // namespace midge::jetstream
