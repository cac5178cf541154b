#include "jetstream/totals.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "jetstream/shard.h"
#include "jetstream/shard_round.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr std::size_t kStreamsPerStep = 256;

void add_stream(const Stream& stream, Totals& totals) {
  if (!stream.is_shown()) return;
  const store::StreamFigures& figures = stream.store().figures();
  ++totals.streams;
  totals.consumers += stream.public_consumer_count();
  totals.messages += figures.messages;
  totals.bytes += figures.bytes;
  totals.lost_messages += figures.lost_messages;
  totals.lost_bytes += figures.lost_bytes;
}

void add_journal(Shard& shard, Totals& totals) {
  const store::Journal* journal = shard.journal();
  if (journal == nullptr) return;
  const store::JournalFigures figures = journal->figures();
  totals.journal_batches += figures.batches;
  totals.journal_syncs += figures.syncs;
  totals.journal_writing = totals.journal_writing + figures.writing;
  totals.journal_bytes += journal->appended().value;
  totals.journal_waiting += journal->waiting();
  totals.journal_unreleased += journal->unreleased();
}

struct Sum {
  Totals totals;
  bool begun = false;
  std::vector<StreamId> ids;  // still to be added
};

// True: all of the shard is added.
bool add(Shard& shard, Sum& sum) {
  if (!std::exchange(sum.begun, true)) sum.ids = shard.stream_ids();
  for (std::size_t left = kStreamsPerStep; left > 0 && !sum.ids.empty(); --left) {
    if (const Stream* stream = shard.find_stream(sum.ids.back())) add_stream(*stream, sum.totals);
    sum.ids.pop_back();
  }
  if (!sum.ids.empty()) return false;
  add_journal(shard, sum.totals);
  sum.begun = false;
  return true;
}

}  // namespace

void make_totals(JetStream& jetstream, std::function<void(const Totals&)> done) {
  const auto sum = std::make_shared<Sum>();
  visit_shards(
      jetstream, [sum](Shard& shard) { return add(shard, *sum); },
      [sum, done = std::move(done)] { done(sum->totals); });
}

}  // namespace midge::jetstream
