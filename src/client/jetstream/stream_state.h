// What handles of streams and consumers refer to.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

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

class OrderedFetcher;

struct OrderedConsumerState {
  OrderedConsumerState(std::shared_ptr<JetStreamContext> its_context, std::string its_stream,
                       OrderedConsumerOptions its_options)
      : context(std::move(its_context)),
        stream(std::move(its_stream)),
        options(std::move(its_options)),
        prefix(options.name_prefix.empty() ? context->draw_name() : options.name_prefix) {}

  const std::shared_ptr<JetStreamContext> context;
  const std::string stream;
  const OrderedConsumerOptions options;
  const std::string prefix;  // of its consumers' names, which numbers follow
  const std::shared_ptr<std::atomic<std::uint64_t>> serial =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<OrderedFetcher> fetcher;  // null: of one that is not fetched from
};

}  // namespace detail
}  // namespace midge
