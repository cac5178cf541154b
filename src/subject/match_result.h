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
  // Whether it would be the same for all subjects that begin with the same two tokens: those of
  // three tokens, or those of more, whichever it was asked for. Not for those that somebody
  // subscribed to literally.
  bool shared = false;

  void clear() {
    plain.clear();
    groups.clear();
    shared = false;
  }
  [[nodiscard]] bool empty() const { return plain.empty() && groups.empty(); }
};

}  // namespace midge::subject
