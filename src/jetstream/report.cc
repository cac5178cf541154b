#include "jetstream/report.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/shard_round.h"

namespace midge::jetstream {
namespace {

void add_streams(Shard& shard, Report& report) {
  for (Stream* stream : shard.streams()) {
    if (!stream->is_shown()) continue;
    StreamReport& added = report.streams.emplace_back();
    added.account = stream->account_name();
    added.info = stream->info();
    for (Consumer* consumer : stream->consumers())
      (consumer->config().direct ? added.direct_consumers : added.consumers)
          .push_back(consumer->info());
  }
}

void add_accounts(JetStream& jetstream, Report& report) {
  for (const AccountEntry* account : jetstream.directory().accounts()) {
    const AccountUsage& usage = *account->usage;
    report.accounts.push_back({account->name, account->title, account->limits, usage.memory,
                               usage.storage, usage.api_requests, usage.api_errors});
  }
  report.limits = *jetstream.limits();
  Counters& counters = jetstream.counters();
  report.memory = counters.memory;
  report.storage = counters.storage;
  report.api_requests = counters.api_requests;
  report.api_errors = counters.api_errors;
  report.damage = {counters.damaged_files, counters.lost_record_bytes};
  report.reserved_memory = jetstream.directory().reserved(Storage::kMemory);
  report.reserved_storage = jetstream.directory().reserved(Storage::kFile);
}

}  // namespace

void make_report(JetStream& jetstream, std::function<void(Report)> done) {
  const auto report = std::make_shared<Report>();
  visit_shards(
      jetstream, [report](Shard& shard) { add_streams(shard, *report); },
      [&jetstream, report, done = std::move(done)] {
        add_accounts(jetstream, *report);
        std::ranges::sort(report->streams, {}, [](const StreamReport& stream) {
          return std::tie(stream.account, stream.info.config.name);
        });
        done(std::move(*report));
      });
}

}  // namespace midge::jetstream
