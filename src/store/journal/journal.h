// The journal of one loop: records of all its streams, committed in groups.
//
// append() only copies into the batch that gathers. commit(), at the end of a tick, has it written
// and synced on the disk pool; meanwhile the next batch gathers, and is written as soon as the one
// under way is done. A small one that need not be synced now is written by commit() itself. When a
// batch is durable, JournalEvents::on_durable() is called on the loop. Format:
// docs/formats/journal.md.
//
// When writing fails nothing is lost: records that are not durable stay in memory and are written
// again, into a new segment, until it works; a failed sync is never tried again on the same file.
// Until then is_writable() is false, and whoever produces records must refuse new work.
//
// Destroying it abandons what is not durable: wait for durable() to reach appended() before.
// Thread: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "io/env.h"
#include "store/fwd.h"
#include "store/ids.h"

namespace midge::store {

enum class RecordKind : std::uint8_t {
  kMessage = 1,
  kMessageInBlock = 2,
  kSkip = 3,
  kRemove = 4,
  kRemoveFront = 5,
  kPurge = 6,
  kGroupBegin = 7,
  kGroupEnd = 8,
  kStream = 16,
  kStreamRemoved = 17,
  kConsumer = 24,
  kConsumerRemoved = 25,
  kConsumerStep = 26,
  kConsumerState = 27,
};

// Called from mail and timers of the loop, never from within append(); on_durable() from within
// commit(), too.
class JournalEvents {
 public:
  virtual ~JournalEvents() = default;
  // All records before `position` are on disk.
  virtual void on_durable(JournalPosition position) = 0;
  // A write failed; it is tried again at once, then every second. Once per failure whose code
  // differs from the last. Without sync_before_durable a failed sync comes here, too: what was
  // written since the last one is in doubt until a checkpoint covers it.
  virtual void on_write_failed(const Error& error) = 0;
  // What had failed works again.
  virtual void on_write_resumed() = 0;
};

struct JournalOptions {
  std::string folder;  // journal/<id>
  std::string free_folder;
  std::uint32_t id = 0;
  std::uint64_t segment_size = 64 << 20;
  // false: batches are written, and synced every sync_interval; durable() follows the writing.
  bool sync_before_durable = true;
  Duration sync_interval{};             // then > 0
  std::shared_ptr<const Keyring> keys;  // null: not encrypted
};

// Since the start; for monitoring.
struct JournalFigures {
  std::uint64_t batches = 0;  // written
  std::uint64_t syncs = 0;
  Duration writing{};  // of all batches, with the syncs that they wait for
};

class Journal {
 public:
  // Makes the folders and the first segment; blocks. `id` was never used before. env, loop and
  // events outlive it.
  static Result<std::unique_ptr<Journal>> create(io::Env& env, io::Loop& loop,
                                                 JournalOptions options, JournalEvents& events);
  virtual ~Journal() = default;

  // The body is the parts one after the other. Returns the position behind the record: it is
  // durable when durable() has reached that.
  virtual JournalPosition append(StreamId stream, RecordKind kind,
                                 std::span<const std::string_view> body) = 0;
  // The largest body that append() takes.
  [[nodiscard]] virtual std::size_t body_max() const = 0;
  [[nodiscard]] virtual JournalPosition appended() const = 0;
  [[nodiscard]] virtual JournalPosition durable() const = 0;
  [[nodiscard]] virtual bool is_writable() const = 0;
  // Bytes that wait in memory to become durable.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  // At the end of each tick: what has gathered is written, or waits for more that may come with
  // it (commit_pace.h). Nothing to do is cheap.
  virtual void commit() = 0;
  // A checkpoint covers everything before `position`: segments wholly before it may be used again.
  virtual void release_before(JournalPosition position) = 0;
  // Bytes of records kept because no checkpoint covers them.
  [[nodiscard]] virtual std::uint64_t unreleased() const = 0;
  [[nodiscard]] virtual JournalFigures figures() const = 0;
};

}  // namespace midge::store
