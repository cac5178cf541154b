// Messages of a stream in their order, each once, by the batch.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "client/jetstream/ordered_cursor.h"
#include "client/jetstream/stream_state.h"

namespace midge::detail {

// Its consumer stays from one batch to the next, unless something may have got lost.
// Thread: any, one at a time; who comes meanwhile is refused.
class OrderedFetcher {
 public:
  explicit OrderedFetcher(const OrderedConsumerState& consumer);

  // Errors: as OrderedConsumer::fetch().
  Result<std::vector<Delivery>> fetch(const FetchOptions& options, const Deadline& deadline);

 private:
  Result<std::vector<Delivery>> fetch_on(const FetchOptions& options, const Deadline& deadline);
  // Once, with a consumer that is made if there is none.
  Result<std::vector<Delivery>> try_once(const FetchOptions& options, const Deadline& deadline);
  void drop_consumer();

  const std::shared_ptr<JetStreamContext> context_;
  const std::string stream_;
  OrderedCursor cursor_;
  bool has_consumer_ = false;
  std::atomic<bool> busy_{false};
};

}  // namespace midge::detail
