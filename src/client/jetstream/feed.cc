#include "client/jetstream/feed.h"

#include <utility>

#include "client/jetstream/delivery.h"
#include "client/message_block.h"

namespace midge::detail {

Result<void> Feed::listen(const std::string& subject, SubscribeOptions options) {
  const std::weak_ptr<Feed> weak = weak_from_this();
  auto take = [weak](const Message& message) {
    const auto self = weak.lock();
    if (self && self->active_) self->on_message(message);
  };
  ASSIGN_OR_RETURN(midge::Subscription made,
                   context_->client().subscribe(subject, std::move(take), std::move(options)));
  {
    const io::Monitor::Lock lock(monitor_);
    subscription_ = std::move(made);
    if (!active_) (void)subscription_.unsubscribe();  // its first message was its last
  }
  context_->connection()->post([self = shared_from_this()] {
    if (!self->active_) return;
    self->context_->connection()->watch_reconnects(self->weak_from_this());
    self->begin();
  });
  return {};
}

void Feed::stop() {
  const auto& connection = context_->connection();
  if (!connection->may_wait()) return finish(std::nullopt);
  io::Monitor monitor;
  bool done = false;
  connection->post([this, &monitor, &done] {
    finish(std::nullopt);
    const io::Monitor::Lock lock(monitor);
    done = true;
    monitor.tell();
  });
  io::Monitor::Lock lock(monitor);
  while (!done) monitor.wait(lock);
}

void Feed::finish(const std::optional<Error>& why) {
  if (!active_.exchange(false)) return;
  {
    const io::Monitor::Lock lock(monitor_);
    (void)subscription_.unsubscribe();
  }
  if (why && events_.end) events_.end(*why);
}

Delivery Feed::lend(const Message& message) const {
  return DeliveryMaker::make(MessageBlock::lend(message), context_);
}

void Feed::warn(const Error& why) {
  if (active_ && events_.warn) events_.warn(why);
}

void Feed::after(Duration delay, std::function<void()> action) {
  context_->connection()->after(delay, [weak = weak_from_this(), action = std::move(action)] {
    const auto self = weak.lock();
    if (!self || !self->active_) return;
    if (self->context_->connection()->is_closed())
      return self->finish(Error("the connection is closed", ErrorCode::kClosed));
    action();
  });
}

}  // namespace midge::detail
