// A stream's messages in their order, each once, by consumers that are made anew when one is lost.
#pragma once

#include <memory>
#include <string>

#include "client/jetstream/ordered_cursor.h"
#include "client/jetstream/pull_feed.h"

namespace midge::detail {

class OrderedFeed final : public PullFeed {
 public:
  // Makes the first consumer, and waits for that.
  static Result<std::shared_ptr<OrderedFeed>> create(const OrderedConsumerState& consumer,
                                                     const ConsumeOptions& options,
                                                     FeedEvents events, const Deadline& deadline);

  // `cursor`: of a consumer that was made, with so many messages `pending`.
  OrderedFeed(std::shared_ptr<JetStreamContext> context, std::string stream, OrderedCursor cursor,
              std::uint64_t pending, const ConsumeOptions& options, FeedEvents events);

 private:
  void on_begin() override { tell_renewed(pending_at_start_); }
  bool accepts(const Delivery& delivery) override;
  bool may_pull() override { return !is_renewing_; }
  void on_lost(const Error& why, bool is_deleted) override;
  void on_connection_lost() override { renew(); }
  void renew();
  void ask_for_consumer();
  void on_answer(Result<Message> answer);
  void try_later(const Error& why);

  OrderedCursor cursor_;
  bool is_renewing_ = false;
  const std::uint64_t pending_at_start_;
};

}  // namespace midge::detail
