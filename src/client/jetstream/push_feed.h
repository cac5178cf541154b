// Messages of a push consumer, which come without being asked for.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/jetstream/feed.h"
#include "midge/consumer.h"

namespace midge::detail {

class PushFeed final : public Feed {
 public:
  // `config`: of a consumer with a deliver subject.
  PushFeed(std::shared_ptr<JetStreamContext> context, const ConsumerConfig& config,
           FeedEvents events);

  Result<void> start();
  void release(const Delivery& delivery) override;

 private:
  void begin() override;
  void on_message(const Message& message) override;
  void on_status(const Message& status);
  void on_reconnected() override { last_heard_ = now(); }
  void on_time();
  // The server goes on sending once `subject` gets a message: when all that came before is handled.
  void promise(std::string_view subject);
  void answer(const std::string& subject);

  const std::string deliver_subject_, group_;
  const Duration heartbeat_;  // 0 = none
  MonoTime last_heard_{};     // the loop's

  struct Promise {
    std::uint64_t after = 0;  // so many were handled
    std::string subject;
  };
  io::Monitor monitor_;
  std::uint64_t delivered_ = 0, handled_ = 0;
  std::optional<Promise> promise_;
};

}  // namespace midge::detail
