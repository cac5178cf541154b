// What handles of streams and consumers refer to.
#pragma once

#include <memory>
#include <string>

#include "client/jetstream/context.h"
#include "io/monitor.h"
#include "midge/stream.h"

namespace midge {

struct Stream::State {
  std::shared_ptr<detail::JetStreamContext> context;
  const StreamInfo info;

  [[nodiscard]] const std::string& name() const { return info.config.name; }
};

namespace detail {

// By which a pinned client tells that it is the one. Thread: any.
class PinId {
 public:
  [[nodiscard]] std::string get() {
    const io::Monitor::Lock lock(monitor_);
    return id_;
  }
  void set(std::string_view id) {
    const io::Monitor::Lock lock(monitor_);
    id_ = id;
  }

 private:
  io::Monitor monitor_;
  std::string id_;
};

struct ConsumerState {
  std::shared_ptr<JetStreamContext> context;
  const ConsumerInfo info;
  const std::shared_ptr<PinId> pin = std::make_shared<PinId>();
};

struct OrderedConsumerState {
  std::shared_ptr<JetStreamContext> context;
  std::string stream;
  OrderedConsumerOptions options;
};

}  // namespace detail
}  // namespace midge
