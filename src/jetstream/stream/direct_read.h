// A direct get of several messages on its way: they are found, then sent, in steps, until the
// batch, its bytes or the stream end. It sees all that the stream held when it was asked, and waits
// until that is durable. Owned by its Stream. Thread: its loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jetstream/fwd.h"
#include "jetstream/stream/direct_terms.h"
#include "store/stream_store.h"

namespace midge::jetstream {

class DirectRead {
 public:
  DirectRead(Stream& stream, std::string reply, DirectTerms terms);

  enum class Progress : std::uint8_t {
    kDone,
    kMore,        // the budget is spent
    kNotDurable,  // what it reads is not on the disk yet
    kSlow,        // whoever asked has much to read already
  };
  Progress step(store::Budget& budget);

  // What changes in the stream meanwhile.
  void on_appended(store::Sequence sequence, std::string_view subject) {
    if (counting_ && filter_.matches(subject)) counting_->appended(sequence, subject);
  }
  void on_removed(store::Sequence sequence, std::string_view subject) {
    if (counting_ && filter_.matches(subject)) counting_->removed(sequence, subject);
  }

 private:
  enum class Phase : std::uint8_t { kBegin, kCount, kCollect, kSend };
  Progress begin();
  void begin_multi();
  Progress count(store::Budget& budget);
  Progress collect(store::Budget& budget);
  Progress send(store::Budget& budget);
  // The next one to send; zero: there is none, or the budget is spent.
  [[nodiscard]] store::Sequence next(store::Budget& budget);
  bool send_one(store::Sequence sequence);
  // The last message of a subject that may be seen; zero: none.
  [[nodiscard]] store::Sequence last_within(std::string_view subject,
                                            const store::SubjectState& state);
  Progress refuse(std::string_view status);
  Progress finish();

  Stream& stream_;
  const std::string reply_;
  const DirectTerms terms_;
  const bool multi_;
  store::Sequence sees_;  // all up to here is read, once it is durable
  const std::uint64_t bytes_max_;
  Phase phase_ = Phase::kBegin;
  store::Filter filter_;
  store::Sequence at_;     // where to look on
  store::Sequence up_to_;  // of several subjects: only up to here
  store::Sequence last_sent_;
  std::uint64_t pending_ = 0;
  std::int64_t sent_ = 0;
  std::uint64_t bytes_ = 0;
  bool done_ = false, slow_ = false;
  std::unique_ptr<store::StreamStore::Count> counting_;
  store::SubjectTree::Walk walk_{store::Filter{}};
  std::vector<std::pair<std::string, store::SubjectState>> later_;  // last beyond up_to_
  std::vector<store::Sequence> found_;  // of several subjects, ascending when all are there
  std::size_t place_ = 0;
};

}  // namespace midge::jetstream
