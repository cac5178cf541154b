// One loop's checkpoints: when its journal has grown enough, its streams' blocks are written out,
// what is known of them goes to the store's checkpoint, and the journal lets go of what that
// covers.
//
//   idle ─► holding (writes under way come to an end) ─► writing (a job on the disk pool) ─► idle
//
// All of a loop's streams are as of one position of its journal. Thread: its loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/env.h"
#include "jetstream/fwd.h"
#include "store/block_write.h"
#include "store/checkpoint_file.h"
#include "store/ids.h"

namespace midge::jetstream {

struct RecoveredStream;

// Appends what a checkpoint says of a stream beside its messages.
void add_stream_parts(std::string& section, Stream& stream);
void add_stream_parts(std::string& section, const RecoveredStream& stream);

class Checkpointing {
 public:
  // `index`: of this loop's part. `every`: bytes of records in the journal.
  Checkpointing(Shard& shard, std::shared_ptr<store::CheckpointFile> file, std::size_t index,
                std::uint32_t journal, std::uint64_t next_stream, std::uint64_t every);
  ~Checkpointing();

  void on_tick();
  void stream_seen(store::StreamId id);
  // Its folder goes with the next checkpoint.
  void stream_removed(store::StreamId id, std::string folder);

  // When the loop has ended; see Shard. Blocks.
  Result<store::CheckpointPart> write_last();
  void end();

 private:
  class WriteJob;

  [[nodiscard]] bool is_due() const;
  void hold();
  [[nodiscard]] bool is_any_writing();
  void write();
  // The part as of now, and the writes that it rests on.
  struct StreamWrites {
    store::StreamId id;
    std::vector<store::BlockWrite> writes;
    std::vector<Result<void>> results;
  };
  store::CheckpointPart take_part(std::vector<StreamWrites>& writes);
  static Result<void> run_writes(std::vector<StreamWrites>& streams);
  void finish_writes(const std::vector<StreamWrites>& streams);
  void on_written(WriteJob& job);

  Shard& shard_;
  const std::shared_ptr<store::CheckpointFile> file_;
  const std::size_t index_;
  const std::uint32_t journal_;
  std::uint64_t next_stream_;
  const std::uint64_t every_;
  enum class State : std::uint8_t { kIdle, kHolding, kWriting } state_ = State::kIdle;
  MonoTime not_before_{}, not_again_before_{}, began_{};
  struct Leftovers;
  std::unique_ptr<Leftovers> leftovers_;  // to be cleared away after the next checkpoint
  // What jobs find us by; null when we are gone.
  std::shared_ptr<Checkpointing*> self_;
};

}  // namespace midge::jetstream
