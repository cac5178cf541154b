#include "jetstream/report.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/shard_round.h"

namespace midge::jetstream {
namespace {

// Streams and consumers told of at a time: about 50 µs' worth.
constexpr int kRowsPerStep = 24;

// One shard's streams, some a step. Thread: of each shard in turn.
class StreamList {
 public:
  explicit StreamList(Report& report) : report_(report) {}
  // True: all of the shard's are there.
  bool step(Shard& shard) {
    if (!std::exchange(begun_, true)) ids_ = shard.stream_ids();
    for (int left = kRowsPerStep; left > 0; --left) {
      if (!consumers_.empty()) {
        add_consumer(shard);
      } else if (!ids_.empty()) {
        add_stream(shard);
      } else {
        begun_ = false;
        return true;
      }
    }
    return false;
  }

 private:
  void add_stream(Shard& shard) {
    const StreamId id = take_last(ids_);
    Stream* stream = shard.find_stream(id);
    if (stream == nullptr || !stream->is_shown()) return;
    StreamReport& added = report_.streams.emplace_back();
    added.account = stream->account_name();
    added.info = stream->info();
    stream_ = id;
    consumers_ = stream->consumer_ids();
    added.consumers.reserve(consumers_.size());
  }

  // Of the stream that was added last.
  void add_consumer(Shard& shard) {
    Stream* stream = shard.find_stream(stream_);
    Consumer* consumer = stream == nullptr ? nullptr : stream->find_consumer(take_last(consumers_));
    if (stream == nullptr) consumers_.clear();
    if (consumer == nullptr) return;
    StreamReport& its = report_.streams.back();
    (consumer->config().direct ? its.direct_consumers : its.consumers).push_back(consumer->info());
  }

  template <class Id>
  static Id take_last(std::vector<Id>& ids) {
    const Id last = ids.back();
    ids.pop_back();
    return last;
  }

  Report& report_;
  bool begun_ = false;
  std::vector<StreamId> ids_;  // still to be told of
  StreamId stream_{};
  std::vector<store::ConsumerId> consumers_;  // the same, of this stream
};

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

std::size_t Report::rows() const {
  std::size_t rows = accounts.size();
  for (const StreamReport& stream : streams)
    rows += 1 + stream.consumers.size() + stream.direct_consumers.size();
  return rows;
}

void make_report(JetStream& jetstream, std::function<void(ReportPtr)> done) {
  const auto report = std::make_shared<Report>();
  const auto list = std::make_shared<StreamList>(*report);
  visit_shards(
      jetstream, [list](Shard& shard) { return list->step(shard); },
      [&jetstream, report, list, done = std::move(done)] {
        add_accounts(jetstream, *report);
        done(report);
      });
}

std::vector<const StreamReport*> sorted(const std::deque<StreamReport>& streams) {
  std::vector<const StreamReport*> all;
  for (const StreamReport& stream : streams) all.push_back(&stream);
  std::ranges::sort(all, {}, [](const StreamReport* stream) {
    return std::tie(stream->account, stream->info.config.name);
  });
  return all;
}

std::vector<const ConsumerInfo*> sorted(const std::vector<ConsumerInfo>& consumers) {
  std::vector<const ConsumerInfo*> all;
  for (const ConsumerInfo& consumer : consumers) all.push_back(&consumer);
  std::ranges::sort(all, {}, &ConsumerInfo::name);
  return all;
}

}  // namespace midge::jetstream
