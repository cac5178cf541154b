// Batches that publishers have begun and not ended, by the ids that they gave them. A Batch has
// `MonoTime last`: when something of it came.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace midge::jetstream {

template <class Batch>
class OpenBatches {
 public:
  static constexpr std::size_t kIdMax = 64;

  // Null: there is no such batch.
  [[nodiscard]] Batch* find(std::string_view id) {
    const auto found = batches_.find(id);
    return found == batches_.end() ? nullptr : &found->second;
  }
  Batch& open(std::string_view id, Batch batch) {
    return batches_.insert_or_assign(std::string(id), std::move(batch)).first->second;
  }
  // Whether there was one.
  bool close(std::string_view id) {
    const auto found = batches_.find(id);
    if (found == batches_.end()) return false;
    batches_.erase(found);
    return true;
  }
  [[nodiscard]] std::size_t size() const { return batches_.size(); }
  // Those of which nothing came for this long.
  [[nodiscard]] std::vector<std::string> idle(MonoTime now, Duration most) const {
    std::vector<std::string> ids;
    for (const auto& [id, batch] : batches_)
      if (now - batch.last >= most) ids.push_back(id);
    return ids;
  }
  // Of the one that has been silent for longest. Nullopt: there is none.
  [[nodiscard]] std::optional<MonoTime> longest_silent() const {
    std::optional<MonoTime> first;
    for (const auto& [id, batch] : batches_)
      if (!first || batch.last < *first) first = batch.last;
    return first;
  }

 private:
  std::map<std::string, Batch, std::less<>> batches_;
};

}  // namespace midge::jetstream
