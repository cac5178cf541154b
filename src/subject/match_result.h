// Who receives a message on one subject: plain targets, and queue groups of which one member each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "subject/target.h"

namespace midge::subject {

struct MatchResult {
  struct Group {
    std::string name;
    std::vector<Target> members;  // never empty
  };
  std::vector<Target> plain;
  std::vector<Group> groups;

  void clear() {
    plain.clear();
    groups.clear();
  }
  [[nodiscard]] bool empty() const { return plain.empty() && groups.empty(); }
};

}  // namespace midge::subject
