// A stream on its way in: chunks come by messages, are unpacked on the pool and put into the
// stream in steps. Each chunk is acknowledged when all it held is durable, so that a sender who
// waits for that is never ahead of the disk.
//
// Format: docs/formats/archive.md. Thread: the loop's; one job of it at a time on the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/s2_stream.h"
#include "io/timer.h"
#include "jetstream/archive/archives.h"
#include "jetstream/archive/restore_format.h"
#include "jetstream/member_receiver.h"
#include "subject/target.h"

namespace midge::jetstream {

class Api;

class StreamRestore final : public ArchiveTask {
 public:
  StreamRestore(Api& api, Shard& shard, Stream::Identity identity, StreamConfig config);
  ~StreamRestore() override;

  // Where chunks are to be sent. Listens from now on.
  const std::string& listen();

  bool run() override;
  void stream_removed(store::StreamId id) override;

 private:
  class UnpackJob;

  void on_chunk(const broker::Message& message);
  void on_stalled();
  // Puts in what is unpacked; false: it goes on later.
  bool put_in();
  bool choose_format();
  void acknowledge();
  void unpack();
  void unpacked(UnpackJob& job);
  void fail(ApiError error);
  void finish();
  void answer(std::string_view to, std::string_view text, store::JournalPosition after);

  Api& api_;
  Shard& shard_;
  const AccountId account_;
  const std::string name_, label_, subject_;
  const store::StreamId id_;
  const WallTime started_;
  RestoreTarget target_;
  std::unique_ptr<RestoreFormat> format_;  // null: not known yet
  std::optional<subject::Target> subscription_;

  // Chunks that wait, and those that are being worked through.
  std::string input_;
  std::size_t input_bytes_ = 0;  // in `input_` and with the job
  std::vector<std::string> replies_, at_work_;
  bool ended_ = false;
  std::string end_reply_;
  std::uint64_t received_ = 0;

  std::unique_ptr<codec::S2Reader> reader_;  // null: a job has it
  std::string plain_;                        // unpacked, before the format is known
  bool needs_input_ = true;                  // all of what was given to the reader is unpacked
  std::optional<ApiError> failed_;
  bool format_is_done_ = false;
  bool over_ = false;

  MemberReceiver<&StreamRestore::on_chunk> chunks_{*this};
  io::MemberTimer<&StreamRestore::on_stalled> timer_{*this};
};

}  // namespace midge::jetstream
