#include "jetstream/totals.h"

#include <memory>
#include <utility>

#include "jetstream/shard.h"
#include "jetstream/shard_round.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

void add(Shard& shard, Totals& totals) {
  for (Stream* stream : shard.streams()) {
    if (!stream->is_shown()) continue;
    const store::StreamFigures& figures = stream->store().figures();
    ++totals.streams;
    totals.consumers += stream->public_consumer_count();
    totals.messages += figures.messages;
    totals.bytes += figures.bytes;
    totals.lost_messages += figures.lost_messages;
    totals.lost_bytes += figures.lost_bytes;
  }
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

}  // namespace

void make_totals(JetStream& jetstream, std::function<void(const Totals&)> done) {
  const auto totals = std::make_shared<Totals>();
  visit_shards(
      jetstream, [totals](Shard& shard) { add(shard, *totals); },
      [totals, done = std::move(done)] { done(*totals); });
}

}  // namespace midge::jetstream
