// Where an ordered consumer is: what was delivered last, and the consumer that goes on behind it.
// No I/O.
//
// Thread: its owner's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "midge/consumer.h"

namespace midge::detail {

class OrderedCursor {
 public:
  // `prefix`: of the consumers' names; `serial`: shared by all that have the prefix.
  OrderedCursor(const OrderedConsumerOptions& options, std::string prefix,
                std::shared_ptr<std::atomic<std::uint64_t>> serial);

  // Of the next consumer, under a name that none had.
  ConsumerConfig next_config();
  // It was made.
  void begin(const ConsumerInfo& info);
  [[nodiscard]] const std::string& consumer() const { return consumer_; }

  enum class Verdict : std::uint8_t {
    kNext,
    kStale,  // another consumer's
    kGap,    // one before it is missing: the consumer is of no use
  };
  // kNext: it counts as delivered.
  Verdict take(const Delivery& delivery);

 private:
  ConsumerConfig config_;  // of the next consumer, but for its name
  const std::string prefix_;
  const std::shared_ptr<std::atomic<std::uint64_t>> serial_;
  std::string consumer_;
  std::uint64_t delivered_ = 0;  // by this consumer
};

}  // namespace midge::detail
