// A stream's messages in a checkpoint: which blocks hold them, what of those is removed, figures.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/block_list.h"
#include "store/block_write.h"
#include "store/checkpoint.h"
#include "store/stream_store.h"

namespace midge::store {

// What must be written before a checkpoint with this store's parts counts, and what may be removed
// then.
struct StoreSnapshot {
  std::vector<BlockWrite> writes;
  std::vector<std::string> obsolete;
  BlockList::Quarantined damaged;  // these go to quarantine instead
};
// Appends the parts of kinds 2 to 4, 6 and 7. Thread: the loop's. Until finish_snapshot() the
// blocks' writes are the caller's, who runs them on any thread. No write may be under way:
// is_writing().
StoreSnapshot take_snapshot(StreamStore& store, std::string& section);
void finish_snapshot(StreamStore& store, const BlockWrite& write, const Result<void>& result);
// What the checkpoint says is removed may be erased now. Errors: of the disk.
Result<void> checkpoint_is_durable(StreamStore& store);
// Blocks that are sealed wait for the snapshot.
void hold_writes(StreamStore& store, bool on);
[[nodiscard]] bool is_writing(const StreamStore& store);
// The loops have ended, and the last snapshot comes: nothing of what was under way will be told any
// more, and what was erased leaves packed files now. Blocks.
void prepare_last_snapshot(StreamStore& store);
// Upkeep: as BlockList has it.
std::uint64_t compact(StreamStore& store);
std::uint64_t check_next(StreamStore& store);
// Of all its blocks, whether they are written or not.
[[nodiscard]] std::vector<std::string> block_files(StreamStore& store);
// Whether it is a block that this stream wrote, as far as its head tells.
[[nodiscard]] bool is_block_of(const std::string& path, StreamStore& store);

// What is not as the checkpoint says.
struct RestoreEvents {
  // The file is damaged; what could be read of it is in memory, and will be written again.
  std::function<void(const std::string& path, const std::string& why)> on_damaged;
  // Some messages in it are damaged; the rest goes on being read from it.
  std::function<void(const std::string& path, std::size_t messages)> on_lost;
  // Asked before each block: an error ends it all.
  std::function<Result<void>()> may_go_on;
};
// Takes up what these parts say; others are left alone. `store` is new. Blocks; at
// start only. Errors: kInvalid: not such parts; of the disk.
Result<void> restore(const std::vector<SectionPart>& parts, StreamStore& store,
                     const RestoreEvents& events);

}  // namespace midge::store
