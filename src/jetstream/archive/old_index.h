// `index.db` of nats-server's store (2.10 and later): what was removed from each block, and where
// the stream stands. It comes in pieces. Format: docs/formats/archive.md. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "jetstream/archive/varint.h"

namespace midge::jetstream {

class OldIndexReader {
 public:
  using OnRemoved = std::function<void(std::uint64_t sequence)>;

  // Takes off the front of `bytes` what is whole, as long as there is budget (in bytes), telling
  // what was removed. Errors: malformed.
  Result<void> take(std::string_view& bytes, std::int64_t& budget, const OnRemoved& on_removed);
  // All that counts has come.
  [[nodiscard]] bool is_complete() const { return phase_ == Phase::kDone; }
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] std::int64_t last_time() const { return last_time_; }

 private:
  enum class Phase : std::uint8_t { kHead, kSubjects, kBlocks, kRemoved, kDone };
  enum class Step : std::uint8_t { kTaken, kNeeds };

  Result<Step> step(std::string_view& bytes, const OnRemoved& on_removed);
  // Goes on behind what `in` took, unless that is not all there.
  Result<Step> taken(std::string_view& bytes, const VarintReader& in);
  Result<Step> take_head(std::string_view& bytes);
  Result<Step> take_subject(std::string_view& bytes);
  Result<Step> take_block(std::string_view& bytes);
  Result<Step> take_removed(std::string_view& bytes, const OnRemoved& on_removed);
  void go_on();

  Phase phase_ = Phase::kHead;
  int version_ = 0;
  std::uint64_t first_ = 0, last_ = 0;
  std::int64_t last_time_ = 0;
  std::uint64_t subjects_left_ = 0, blocks_left_ = 0;
  std::uint32_t nodes_left_ = 0;
  std::size_t words_ = 0;  // of a node of the set; 0: its head is to come
};

}  // namespace midge::jetstream
