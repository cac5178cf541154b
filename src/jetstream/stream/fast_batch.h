// Fast ingest (ADR-50): a publisher sends message after message, each stored as it comes; now and
// then it is told how far the stream is, and at the end how many there were. What a message is to
// its batch stands in its reply subject: `<prefix>.<id>.<flow>.<ok|fail>.<place>.<operation>.$FI`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/stream/open_batches.h"
#include "store/ids.h"

namespace midge::jetstream {

enum class FastOperation : std::uint8_t {
  kStart,
  kAppend,
  kCommit,         // the last message
  kCommitWithout,  // what comes with it is not stored
  kPing,           // asks for what was told last; its place is the highest that was sent
};

struct FastPlace {
  std::string_view id;
  std::uint16_t flow = 0;  // how many messages may come before the publisher is told
  bool gaps_ok = false;    // else a message that got lost ends the batch
  std::uint64_t number = 0;
  FastOperation operation = FastOperation::kStart;

  // Whether the reply subject is one of a batch at all.
  static bool is_meant(std::string_view reply) { return reply.ends_with(".$FI"); }
  // Nullopt: it is none that can be understood.
  static std::optional<FastPlace> parse(std::string_view reply);
};

class FastBatch {
 public:
  static constexpr BatchLimits kLimits{1000, 50000, 0, seconds(10)};

  // `batches`: how many the stream has with this one. Who is not alone starts slowly.
  FastBatch(const FastPlace& start, std::size_t batches);

  std::uint64_t taken = 0;  // the highest place that came
  store::Sequence stored;   // of its last message in the stream; zero: none
  MonoTime last{};

  [[nodiscard]] bool gaps_ok() const { return gaps_ok_; }
  // After something was taken: whether the publisher is to be told now, as told() and every() say
  // it then.
  bool advance(std::size_t batches);
  // So far it knows that its messages were stored.
  [[nodiscard]] std::uint64_t told() const { return told_; }
  // After how many more it will be told.
  [[nodiscard]] std::uint16_t every() const { return every_; }

 private:
  std::uint64_t told_ = 0;
  std::uint16_t every_, every_max_;
  bool gaps_ok_;
};

using FastBatches = OpenBatches<FastBatch>;

}  // namespace midge::jetstream
