// Whose turn it is among those who ask, where a consumer has a priority policy (ADR-42). Pure:
// times and ids come with the calls.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/consumer/pull_request.h"

namespace midge::jetstream {

class Priority {
 public:
  // Whether a request with these terms is one for this consumer: else the status to answer with.
  [[nodiscard]] static std::optional<std::string> refusal(const ConsumerConfig& config,
                                                          const PullTerms& terms);
  // Whether it names an id that is not the pin's. While somebody has the pin that is refused at
  // once, else when its turn comes.
  [[nodiscard]] bool has_wrong_id(const PullTerms& terms) const {
    return !terms.pin_id.empty() && terms.pin_id != pin_id_;
  }

  struct State {
    std::uint64_t pending = 0;      // messages not delivered yet
    std::uint64_t ack_pending = 0;  // delivered, not acknowledged
  };
  // The request that is served next; end() if all must wait.
  [[nodiscard]] std::list<PullRequest>::iterator choose(const ConsumerConfig& config,
                                                        std::list<PullRequest>& requests,
                                                        const State& state) const;
  // Before a pinned consumer serves `request`: gives it the pin if nobody has it, which it keeps
  // for what else it asked for. True: it did.
  bool pin(PullRequest& request, std::string_view new_id, WallTime now, MonoTime since);
  void unpin() { pin_id_.clear(); }

  [[nodiscard]] const std::string& pin_id() const { return pin_id_; }
  [[nodiscard]] WallTime pinned_at() const { return pinned_at_; }
  // When whoever has the pin last asked for messages.
  [[nodiscard]] MonoTime last_asked() const { return last_asked_; }
  void asked(MonoTime now) { last_asked_ = now; }

 private:
  std::string pin_id_;  // "" = nobody has it
  WallTime pinned_at_ = kNoTime;
  MonoTime last_asked_{};
};

}  // namespace midge::jetstream
