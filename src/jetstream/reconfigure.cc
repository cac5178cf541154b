// Another configuration, or other claims of accounts, while the server runs: limits, and who has
// JetStream from now on. Thread: loop 0's.
#include <set>
#include <utility>

#include "jetstream/api/api.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {

void JetStream::reconfigure(const Settings& settings) {
  limit(settings.limits);
  std::set<std::uint32_t> have;
  for (const AccountSettings& account : settings.accounts) {
    const AccountId id = broker_.accounts().add(account.name);
    have.insert(id.value);
    grant(id, account);
  }
  for (const std::string& name : settings.accounts_without) {
    const AccountId id = broker_.accounts().add(name);
    if (AccountEntry* entry = directory_.find_account(id); entry != nullptr && entry->enabled)
      revoke(*entry);
    api_->listen_for(id);
  }
  if (!settings.names_all_accounts) return;
  for (AccountEntry* entry : directory_.accounts())
    if (!have.contains(entry->id.value)) revoke(*entry);
}

void JetStream::end_account(std::string_view name) {
  AccountEntry* entry = directory_.find_account(broker_.accounts().add(name));
  if (entry != nullptr && entry->enabled) revoke(*entry);
}

void JetStream::grant(AccountId id, const AccountSettings& account) {
  AccountEntry* entry = directory_.find_account(id);
  if (entry == nullptr) entry = &directory_.add_account(id, account.name, account.limits);
  entry->title = account.title;
  entry->limits = account.limits;
  entry->usage->limit(account.limits);
  if (!std::exchange(entry->enabled, true)) {
    log_.info("JetStream: account \"" + account.name + "\" has it again, with " +
              std::to_string(entry->streams.size()) + " streams");
    for_streams(*entry, [](Stream& stream) { stream.serve(); });
  }
  api_->listen_for(id);
}

void JetStream::revoke(AccountEntry& entry) {
  entry.enabled = false;
  log_.info("JetStream: account \"" + entry.name + "\" has it no more; its " +
            std::to_string(entry.streams.size()) + " streams are kept");
  for_streams(entry, [](Stream& stream) { stream.suspend(); });
}

void JetStream::for_streams(const AccountEntry& entry, void (*work)(Stream& stream)) {
  for (const auto& [name, stream] : entry.streams)
    api_->on_loop(stream.loop, [id = stream.id, work](Shard& shard) {
      if (Stream* there = shard.find_stream(id)) work(*there);
    });
}

}  // namespace midge::jetstream
