// The log of a simulated server: part of the event hash, and its last lines for the report of a
// failure.
#pragma once

#include <deque>
#include <string>

#include "base/log.h"
#include "sim/event_hash.h"

namespace midge::sim {

class SimLog final : public Log {
 public:
  explicit SimLog(EventHash& hash) : hash_(hash) {}
  void write(LogLevel level, std::string_view text) override {
    hash_.add(SimEvent::kLog, static_cast<std::uint64_t>(level), text);
    last_.emplace_back(text);
    if (last_.size() > kKept) last_.pop_front();
  }
  [[nodiscard]] const std::deque<std::string>& last_lines() const { return last_; }

 private:
  static constexpr std::size_t kKept = 30;
  EventHash& hash_;
  std::deque<std::string> last_;
};

}  // namespace midge::sim
