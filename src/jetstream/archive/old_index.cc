#include "jetstream/archive/old_index.h"

#include <bit>

namespace midge::jetstream {
namespace {

constexpr char kMagic = 11, kSetMagic = 22;
constexpr int kVersionMax = 4;
constexpr std::uint64_t kSubjectMax = 1 << 16;
constexpr std::size_t kSetHead = 10;

std::unexpected<Error> damaged() { return failure("damaged index.db", ErrorCode::kInvalid); }

std::uint64_t word(std::string_view bytes, std::size_t size = 8) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

Result<void> OldIndexReader::take(std::string_view& bytes, std::int64_t& budget,
                                  const OnRemoved& on_removed) {
  while (phase_ != Phase::kDone) {
    if (budget <= 0) return {};
    const std::size_t before = bytes.size();
    ASSIGN_OR_RETURN(const Step done, step(bytes, on_removed));
    if (done == Step::kNeeds) return {};
    budget -= static_cast<std::int64_t>(before - bytes.size());
  }
  // What follows are checksums.
  bytes = {};
  return {};
}

Result<OldIndexReader::Step> OldIndexReader::step(std::string_view& bytes,
                                                  const OnRemoved& on_removed) {
  switch (phase_) {
    case Phase::kHead:
      return take_head(bytes);
    case Phase::kSubjects:
      return take_subject(bytes);
    case Phase::kBlocks:
      return take_block(bytes);
    case Phase::kRemoved:
      return take_removed(bytes, on_removed);
    case Phase::kDone:
      break;
  }
  return Step::kTaken;
}

Result<OldIndexReader::Step> OldIndexReader::taken(std::string_view& bytes,
                                                   const VarintReader& in) {
  if (in.state() == VarintReader::State::kTooLong) return damaged();
  if (in.state() == VarintReader::State::kShort) return Step::kNeeds;
  bytes = in.rest();
  return Step::kTaken;
}

Result<OldIndexReader::Step> OldIndexReader::take_head(std::string_view& bytes) {
  if (bytes.size() < 2) return Step::kNeeds;
  version_ = bytes[1];
  if (bytes[0] != kMagic || version_ < 1 || version_ > kVersionMax) return damaged();
  VarintReader in(bytes.substr(2));
  in.number();  // messages
  in.number();  // bytes
  first_ = in.number();
  in.signed_number();
  last_ = in.number();
  last_time_ = in.signed_number();
  subjects_left_ = in.number();
  ASSIGN_OR_RETURN(const Step done, taken(bytes, in));
  if (done == Step::kTaken) phase_ = Phase::kSubjects;
  return done;
}

Result<OldIndexReader::Step> OldIndexReader::take_subject(std::string_view& bytes) {
  if (subjects_left_ == 0) {
    VarintReader in(bytes);
    blocks_left_ = in.number();
    ASSIGN_OR_RETURN(const Step done, taken(bytes, in));
    if (done == Step::kTaken) phase_ = blocks_left_ > 0 ? Phase::kBlocks : Phase::kDone;
    return done;
  }
  VarintReader length(bytes);
  const std::uint64_t size = length.number();
  if (length.state() == VarintReader::State::kGood && size > kSubjectMax) return damaged();
  if (length.state() != VarintReader::State::kGood) return taken(bytes, length);
  if (length.rest().size() < size) return Step::kNeeds;
  VarintReader in(length.rest().substr(size));
  if (size > 0) {
    const std::uint64_t messages = in.number();
    in.number();                                     // first block
    if (messages > 1 || version_ >= 4) in.number();  // last block
  }
  ASSIGN_OR_RETURN(const Step done, taken(bytes, in));
  if (done == Step::kTaken) --subjects_left_;
  return done;
}

Result<OldIndexReader::Step> OldIndexReader::take_block(std::string_view& bytes) {
  VarintReader in(bytes);
  in.number();         // its number
  in.number();         // bytes
  in.number();         // first
  in.signed_number();  // and its time
  in.number();         // last
  in.signed_number();
  const std::uint64_t removed = in.number();
  if (version_ >= 2) in.number();  // with a TTL
  if (version_ >= 3) in.number();  // schedules
  ASSIGN_OR_RETURN(const Step done, taken(bytes, in));
  if (done == Step::kNeeds) return done;
  --blocks_left_;
  if (removed > 0) {
    words_ = 0;
    phase_ = Phase::kRemoved;
  } else {
    go_on();
  }
  return done;
}

// A set: its head, then nodes of a first sequence, a bit for each from there on, two bytes.
Result<OldIndexReader::Step> OldIndexReader::take_removed(std::string_view& bytes,
                                                          const OnRemoved& on_removed) {
  if (words_ == 0) {
    if (bytes.size() < kSetHead) return Step::kNeeds;
    if (bytes[0] != kSetMagic || bytes[1] < 1 || bytes[1] > 2) return damaged();
    nodes_left_ = static_cast<std::uint32_t>(word(bytes.substr(2), 4));
    words_ = bytes[1] == 1 ? 64 : 32;
    bytes.remove_prefix(kSetHead);
  } else if (nodes_left_ > 0) {
    if (bytes.size() < (words_ + 1) * 8 + 2) return Step::kNeeds;
    const std::uint64_t base = word(bytes);
    for (std::size_t i = 0; i < words_; ++i)
      for (std::uint64_t bits = word(bytes.substr((i + 1) * 8)); bits != 0; bits &= bits - 1)
        on_removed(base + i * 64 + static_cast<unsigned>(std::countr_zero(bits)));
    bytes.remove_prefix((words_ + 1) * 8 + 2);
    --nodes_left_;
  }
  if (nodes_left_ == 0) go_on();
  return Step::kTaken;
}

void OldIndexReader::go_on() { phase_ = blocks_left_ > 0 ? Phase::kBlocks : Phase::kDone; }

}  // namespace midge::jetstream
