// Messages that become part of a stream all at once, or not at all (ADR-50): gathered by the id that their
// publisher gave the batch, until one of them says that it is the last.
#pragma once

#include <cstdint>
#include <map>
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
  void close(std::string_view id) {
    if (const auto found = batches_.find(id); found != batches_.end()) batches_.erase(found);
  }
  [[nodiscard]] std::size_t size() const { return batches_.size(); }
  // Ids of those that were idle for too long; they are gone.
  std::vector<std::string> expire(MonoTime now) {
    std::vector<std::string> ids;
    for (const auto& [id, batch] : batches_)
      if (now - batch.last >= kIdleMax) ids.push_back(id);
    for (const std::string& id : ids) close(id);
    return ids;
  }

 private:
  std::map<std::string, Batch, std::less<>> batches_;
};

}  // namespace midge::jetstream
