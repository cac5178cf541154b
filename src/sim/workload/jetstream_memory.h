// What a server said of its streams and consumers, over all its lives, and what it may not take
// back: the model of JetStream's promises.
//
// A request that was answered is certain. One that was not, since the power went, may have been
// done or not; what it would have removed may be there or not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/result.h"

namespace midge::sim {

struct StreamMemory {
  std::string name;
  bool in_memory = false;
  bool is_async = false;                      // publishes are answered before they are safe
  std::set<std::string> published;            // bodies, answered or not
  std::map<std::uint64_t, std::string> kept;  // acknowledged, and not removed for all we know
  std::map<std::uint64_t, std::string> seen;  // all sequences that anybody heard of
  std::set<std::uint64_t> removed;            // for certain
  std::uint64_t purged_before = 0;            // for certain
  std::set<std::uint64_t> confirmed;          // acks of the consumer that were answered
  bool has_consumer = false;

  // What a crash may take from a stream that is async. Its journal has one order: what came before
  // something that was confirmed is as safe as that.
  void forget_unsafe() {
    std::uint64_t end = purged_before;
    if (!confirmed.empty()) end = std::max(end, *confirmed.rbegin() + 1);
    if (!removed.empty()) end = std::max(end, *removed.rbegin() + 1);
    kept.erase(kept.lower_bound(end), kept.end());
    seen.erase(seen.lower_bound(end), seen.end());
  }

  // The same sequence twice for different messages is the end.
  Result<void> see(std::uint64_t sequence, const std::string& body) {
    const auto [known, is_new] = seen.try_emplace(sequence, body);
    if (is_new || known->second == body) return {};
    return failure(name + ": sequence " + std::to_string(sequence) + " was " + known->second +
                   ", now " + body);
  }
};

// What is there, as it was read.
inline Result<void> compare(const StreamMemory& memory, std::uint64_t last,
                            const std::map<std::uint64_t, std::string>& there) {
  const std::string where = memory.name + ": ";
  for (const auto& [sequence, body] : memory.kept) {
    const auto found = there.find(sequence);
    if (found == there.end())
      return failure(where + "sequence " + std::to_string(sequence) + " (" + body +
                     ") was acknowledged and is lost");
    if (found->second != body)
      return failure(where + "sequence " + std::to_string(sequence) + " was " + body + ", now " +
                     found->second);
  }
  if (!memory.seen.empty() && memory.seen.rbegin()->first > last)
    return failure(where + "sequence " + std::to_string(memory.seen.rbegin()->first) +
                   " was given, the last is " + std::to_string(last));
  std::set<std::string> bodies;
  for (const auto& [sequence, body] : there) {
    const std::string what = "sequence " + std::to_string(sequence) + " (" + body + ") ";
    if (!memory.published.contains(body)) return failure(where + what + "was never published");
    if (!bodies.insert(body).second) return failure(where + what + "is there twice");
    if (memory.removed.contains(sequence)) return failure(where + what + "was removed");
    if (sequence < memory.purged_before) return failure(where + what + "was purged");
  }
  return {};
}

}  // namespace midge::sim
