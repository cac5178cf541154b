// Which patterns of a filter can still match, while the text of a subject grows byte by byte from
// the root of a tree.
//
// A place is where a path stands in one pattern. The places of all nodes above lie on one stack;
// each node refers to its range of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/subjects/filter.h"

namespace midge::store {

class PatternPath {
 public:
  // The places of a node. `all`: whatever follows matches.
  struct Range {
    std::uint32_t begin = 0, end = 0;
    bool all = false;
    [[nodiscard]] bool dead() const { return begin == end && !all; }
  };

  // `filter` must live as long.
  explicit PatternPath(const Filter& filter) : patterns_(filter.patterns()) {}

  // Before any byte.
  Range start() {
    for (std::uint32_t i = 0; i < patterns_.size(); ++i) places_.push_back({i, 0, false});
    return {0, static_cast<std::uint32_t>(patterns_.size()), patterns_.empty()};
  }
  // Where `from` comes to by `text`. Ranges made after `from` are no more.
  Range extend(Range from, std::string_view text);
  // Whether a subject may end here.
  [[nodiscard]] bool complete(Range range) const;
  // If only one byte can follow: that byte; else -1.
  [[nodiscard]] int only_byte(Range range) const;

 private:
  struct Place {
    std::uint32_t pattern;
    std::uint32_t at : 31;  // next byte of the pattern
    bool in_star : 1;       // it is a `*` that has taken a byte
  };
  enum class Step : std::uint8_t { kDead, kAlive, kAll };
  [[nodiscard]] Step advance(Place& place, std::string_view text) const;
  [[nodiscard]] static bool is_wildcard(std::string_view pattern, std::size_t at);

  const std::vector<std::string>& patterns_;
  std::vector<Place> places_;
};

}  // namespace midge::store
