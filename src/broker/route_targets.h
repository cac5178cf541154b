// Who receives a message in one account, as one loop uses it: own targets, other loops' by loop,
// queue groups. Thread: the loop's.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "subject/match_result.h"
#include "subject/target.h"

namespace midge::broker {

struct RouteTargets {
  struct Remote {
    LoopId loop;
    std::vector<subject::Target> targets;
  };
  std::vector<subject::Target> local;
  std::vector<Remote> remote;
  std::vector<subject::MatchResult::Group> groups;

  // Replaces everything by `match`, as `own` sees it. What it held goes into `match` to be reused.
  void assign(subject::MatchResult& match, LoopId own) {
    local.clear();
    remote.clear();
    for (const subject::Target target : match.plain) {
      if (target.loop() == own) {
        local.push_back(target);
        continue;
      }
      auto part = std::ranges::find(remote, target.loop(), &Remote::loop);
      if (part == remote.end()) part = remote.insert(part, {target.loop(), {}});
      part->targets.push_back(target);
    }
    groups.swap(match.groups);
  }
  [[nodiscard]] std::size_t fanout() const {
    std::size_t count = local.size() + groups.size();
    for (const Remote& part : remote) count += part.targets.size();
    return count;
  }
};

}  // namespace midge::broker
