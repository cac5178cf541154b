// Messages that become part of a stream all at once, or not at all (ADR-50): gathered by the id
// that their publisher gave the batch, until one of them says that it is the last.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace midge::jetstream {

struct StagedMessage {
  std::string subject, header, payload;
};

class AtomicBatches {
 public:
  static constexpr std::size_t kBatchesMax = 50;
  static constexpr std::size_t kBatchesPerServerMax = 1000;
  static constexpr std::size_t kMessagesMax = 1000;
  static constexpr std::size_t kIdMax = 64;
  static constexpr Duration kIdleMax = seconds(10);

  struct Batch {
    std::vector<StagedMessage> messages;
    MonoTime last{};
  };

  // Null: there is no such batch.
  [[nodiscard]] Batch* find(std::string_view id) {
    const auto found = batches_.find(id);
    return found == batches_.end() ? nullptr : &found->second;
  }
  Batch& open(std::string_view id) { return batches_[std::string(id)]; }
  // Whether there was one.
  bool close(std::string_view id) {
    const auto found = batches_.find(id);
    if (found == batches_.end()) return false;
    batches_.erase(found);
    return true;
  }
  [[nodiscard]] std::size_t size() const { return batches_.size(); }
  // Those that were idle for too long.
  [[nodiscard]] std::vector<std::string> idle(MonoTime now) const {
    std::vector<std::string> ids;
    for (const auto& [id, batch] : batches_)
      if (now - batch.last >= kIdleMax) ids.push_back(id);
    return ids;
  }
  // When the next one will have been. Nullopt: there is none.
  [[nodiscard]] std::optional<MonoTime> next_idle() const {
    std::optional<MonoTime> next;
    for (const auto& [id, batch] : batches_)
      if (!next || batch.last + kIdleMax < *next) next = batch.last + kIdleMax;
    return next;
  }

 private:
  std::map<std::string, Batch, std::less<>> batches_;
};

}  // namespace midge::jetstream
