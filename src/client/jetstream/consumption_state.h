// Consumptions of feeds.
#pragma once

#include <memory>
#include <utility>

#include "client/jetstream/feed.h"

namespace midge {

// The feed ends with the last handle.
struct Consumption::State {
  explicit State(std::shared_ptr<detail::Feed> its_feed) : feed(std::move(its_feed)) {}
  ~State() { feed->stop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const std::shared_ptr<detail::Feed> feed;
};

}  // namespace midge
