// The stream that a backup is restored into: made when the backup says how it begins, filled
// message by message, and complete only when all is there. Until then it serves nobody, and a
// restart of the server, or a failure, leaves nothing of it.
//
// Thread: the loop's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jetstream/api/error.h"
#include "jetstream/api/info.h"
#include "jetstream/archive/consumer_archive.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

class RestoreTarget {
 public:
  RestoreTarget(Shard& shard, Stream::Identity identity, StreamConfig config)
      : shard_(shard), identity_(std::move(identity)), config_(std::move(config)) {}

  [[nodiscard]] const StreamConfig& config() const { return config_; }
  [[nodiscard]] const std::string& account_name() const { return identity_.account_name; }
  // Null: not begun, or taken back.
  [[nodiscard]] Stream* stream() { return stream_; }

  // It was made then, says the backup. Before begin().
  void set_created(WallTime created) { identity_.created = created; }
  [[nodiscard]] WallTime created() const { return identity_.created; }
  // The next message gets `first`; `bytes`: what is to come. Once.
  ApiResult<void> begin(Sequence first, std::uint64_t bytes);
  // Checks what is known of a message before its bytes are.
  ApiResult<void> check_message(std::uint64_t sequence, std::uint64_t header_size,
                                std::uint64_t payload_size) const;
  // In ascending order; those between are gaps. One whose time is over is one, too; `gone`: when
  // its sequence was given, if that counts.
  ApiResult<void> add_message(Sequence sequence, const store::NewMessage& message,
                              WallTime gone = {});
  // Of those that were added; others change nothing.
  void remove_message(Sequence sequence) { stream_->store().remove(sequence); }
  void remove_before(Sequence first);
  // Checks and keeps it for the end. `name`: of its entry.
  ApiResult<void> add_consumer(ArchivedConsumer consumer, std::string_view name);
  // All is there; `last`: the last sequence that was ever given, and when, if that is known. The
  // stream serves.
  ApiResult<void> complete(Sequence last, WallTime last_time = {});
  // Nothing of it stays. It may not have begun.
  void take_back();
  // Its stream was removed by others.
  void forget() { stream_ = nullptr; }

 private:
  Shard& shard_;
  Stream::Identity identity_;
  StreamConfig config_;
  Stream* stream_ = nullptr;
  std::vector<ArchivedConsumer> consumers_;
};

// `restore failed: <text>`.
ApiError restore_error(std::string_view text);
inline std::unexpected<ApiError> restore_failure(std::string_view text) {
  return std::unexpected(restore_error(text));
}

}  // namespace midge::jetstream
